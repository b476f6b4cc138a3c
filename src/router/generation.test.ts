import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";

import type { Pool, RouteDefinition } from "../route/index.ts";
import { encodeGeneration } from "./encode-generation.ts";
import { decodeGeneration, openGeneration } from "./generation.ts";

const FACTS = { number: 3, createdAtMs: 1, source: "kubernetes", revisions: { ingresses: "7" } };

function route(id: string, ...hosts: string[]): RouteDefinition {
  const predicates = hosts.length === 0 ? [] : [{ name: "HostAny", args: hosts }];
  return { id, predicates, filters: [{ name: "setPath", args: ["/ü\t\n"] }], backend: { type: "shunt" } };
}

function pool(id: string): Pool {
  return { id, endpoints: [{ address: "http://10.0.0.1:80", tier: "fresh" }] };
}

test("a generation comes back whole, whatever stands in it", () => {
  const routes = [route("a", "a.org", "b.org"), route("all"), route("ü\t\n", "b.org"), route("w", "*.org")];
  const pools = [pool("shop/web/80"), pool("odd\t\n")];
  const { header, text } = encodeGeneration({ routes, pools }, FACTS);
  deepEqual(decodeGeneration(text), { header, routes, pools });
  const open = openGeneration(text);
  equal(open.size, 4);
  const names: [number, string][] = [];
  open.tellNames((position, name, start, end) => names.push([position, name.slice(start, end)]));
  deepEqual(names, [
    [0, "a.org"],
    [0, "b.org"],
    [2, "b.org"],
  ]);
  deepEqual(open.anywhere, [1, 3]);
  deepEqual([open.find("ü\t\n"), open.find("w"), open.find("none")], [2, 3, undefined]);
  deepEqual([open.pool("odd\t\n"), open.pool("shop/web/80"), open.pool("none")], [pools[1], pools[0], undefined]);
});

test("of two routes with one id the first is kept, as in a table", () => {
  const { header, text } = encodeGeneration({ routes: [route("a", "a.org"), route("b"), route("a", "b.org")], pools: [] }, FACTS);
  equal(header.routes, 2);
  deepEqual(
    decodeGeneration(text).routes.map(({ id, predicates }) => [id, predicates.length]),
    [
      ["a", 1],
      ["b", 0],
    ],
  );
});

test("a body with other counts than its header says is refused", () => {
  const { text } = encodeGeneration({ routes: [route("a", "a.org")], pools: [pool("p")] }, FACTS);
  const end = text.indexOf("\n");
  const forge = (body: string, change: object): string =>
    `${text.slice(0, text.indexOf(" ") + 1)}${JSON.stringify({ ...JSON.parse(text.slice(text.indexOf(" "), end)), ...change })}\n${body}`;
  const body = text.slice(end + 1);
  equal(openGeneration(forge(body, {})).size, 1);
  for (const change of [{ routes: 0 }, { routes: 2 }, { routes: 3 }, { pools: 0 }, { pools: 2 }])
    throws(() => openGeneration(forge(body, change)), { code: "ROUTER_SNAPSHOT_CORRUPT" }, JSON.stringify(change));
  throws(() => openGeneration(forge(body.slice(0, -1), {})), { code: "ROUTER_SNAPSHOT_CORRUPT" });
});

test("a malformed route spoils nothing until it is read", () => {
  const { text } = encodeGeneration({ routes: [route("a", "a.org"), route("b", "b.org")], pools: [] }, FACTS);
  const open = openGeneration(text.replace('"type":"shunt"', '"type":"chute"'));
  throws(() => open.read(0), { code: "ROUTER_SNAPSHOT_CORRUPT" });
  equal(open.read(1).id, "b");
});
