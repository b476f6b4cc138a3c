import assert from "node:assert/strict";
import { test } from "node:test";
import type { HeldView, RouteView } from "../contract.ts";
import { filterRows, heldWithoutRow, routeRows } from "./routes-table.ts";

const base = { endpoints: 2, generation: 17, heldId: null };
const ROUTES: readonly RouteView[] = [
  { ...base, policy: "naive", host: "shop.example", path: "/cart", state: "gone" },
  { ...base, policy: "hold", host: "shop.example", path: "/cart", state: "held", heldId: "held-1" },
  { ...base, policy: "hold", host: "api.example", path: "/", state: "live" },
];

test("a host and path is one row, with what each fleet makes of it", () => {
  const rows = routeRows(ROUTES);
  assert.deepEqual(
    rows.map((row) => row.key),
    ["api.example/", "shop.example/cart"],
  );
  assert.equal(rows[1]?.byPolicy.get("naive")?.state, "gone");
  assert.equal(rows[1]?.byPolicy.get("hold")?.state, "held");
  assert.equal(rows[1]?.heldId, "held-1");
  assert.equal(rows[0]?.byPolicy.get("naive"), undefined);
});

test("the filter wants every word, in host, path or state, whatever the case", () => {
  const rows = routeRows(ROUTES);
  const keys = (filter: string): string[] => filterRows(rows, filter).map((row) => row.key);
  assert.deepEqual(keys("  "), ["api.example/", "shop.example/cart"]);
  assert.deepEqual(keys("CART"), ["shop.example/cart"]);
  assert.deepEqual(keys("gone shop"), ["shop.example/cart"]);
  assert.deepEqual(keys("gone api"), []);
});

test("what is held without a row of its own is listed apart", () => {
  const held: HeldView = { id: "held-1", policy: "hold", routers: [], keys: [], sinceSeconds: 0, reason: "", evidence: [], releasedBy: "" };
  assert.deepEqual(
    heldWithoutRow([held, { ...held, id: "held-2" }], routeRows(ROUTES)).map((item) => item.id),
    ["held-2"],
  );
});
