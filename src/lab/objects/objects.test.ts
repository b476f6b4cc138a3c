import assert from "node:assert/strict";
import { test } from "node:test";
import { parseQuantity, tolerates, withCondition } from "./index.ts";

test("quantities are read as Kubernetes writes them", () => {
  const good: Record<string, number> = {
    "100m": 0.1,
    "2": 2,
    "1.5": 1.5,
    "128Mi": 128 * 2 ** 20,
    "1G": 1e9,
    "2e3": 2000,
    "0": 0,
    ".5": 0.5,
  };
  for (const [text, value] of Object.entries(good)) assert.equal(parseQuantity(text), value, text);
  for (const text of ["", "lots", "1KB", "-1", "1 Gi", "0x10", "1e3Ki", "constructor"]) assert.equal(parseQuantity(text), undefined, text);
});

test("a toleration without a key tolerates everything only with Exists", () => {
  const taint = { key: "k", value: "v", effect: "NoExecute" };
  assert.equal(tolerates({ operator: "Exists" }, taint), true);
  assert.equal(tolerates({}, taint), false);
  assert.equal(tolerates({ key: "k", value: "v", effect: "NoExecute" }, taint), true);
  assert.equal(tolerates({ key: "k", value: "v", effect: "NoSchedule" }, taint), false);
  assert.equal(tolerates({ key: "k", value: "w" }, taint), false);
});

test("a condition keeps the time of its last change of status", () => {
  const first = withCondition([], { type: "Ready", status: "True" }, "1");
  const reworded = withCondition(first, { type: "Ready", status: "True", reason: "Because" }, "2");
  assert.equal(reworded[0]?.lastTransitionTime, "1");
  assert.equal(withCondition(reworded, { type: "Ready", status: "False" }, "3")[0]?.lastTransitionTime, "3");
  assert.equal(withCondition(first, { type: "Ready", status: "True" }, "4"), first, "nothing changed");
});
