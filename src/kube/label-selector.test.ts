import assert from "node:assert/strict";
import { test } from "node:test";
import { matchesSelector, parseLabelSelector } from "./label-selector.ts";

test("an empty selector matches all, an absent one nothing, expressions narrow", () => {
  assert.equal(matchesSelector({}, { a: "1" }), true);
  assert.equal(matchesSelector(undefined, { a: "1" }), false);
  const selector = {
    matchLabels: { a: "1" },
    matchExpressions: [
      { key: "b", operator: "NotIn", values: ["x"] },
      { key: "c", operator: "DoesNotExist" },
    ],
  };
  assert.equal(matchesSelector(selector, { a: "1" }), true);
  assert.equal(matchesSelector(selector, { a: "1", b: "x" }), false);
  assert.equal(matchesSelector(selector, { a: "1", c: "" }), false);
  assert.equal(matchesSelector({ matchLabels: { toString: "x" } }, {}), false);
  assert.equal(matchesSelector({ matchExpressions: [{ key: "a", operator: "Like", values: ["1"] }] }, { a: "1" }), false);
});

test("a selector in words selects by every requirement, and one that cannot be read is refused with its words", () => {
  const shop = { app: "shop", tier: "web", "example.org/level": "5" };
  const verdicts = ["app=shop,tier in (web,db)", "app!=shop", "!missing,example.org/level>4", "missing notin (x)", ""].map((text) =>
    parseLabelSelector(text)(shop),
  );
  assert.deepEqual(verdicts, [true, false, true, true, true]);
  assert.throws(() => parseLabelSelector("app shop"), { code: "KUBE_SELECTOR", message: /"app shop"/ });
});
