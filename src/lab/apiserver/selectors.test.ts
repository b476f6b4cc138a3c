import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFieldSelector, parseLabelSelector } from "./selectors.ts";
import { StatusError } from "./status.ts";

const labelled = (labels: Record<string, string>): { metadata: { labels: Record<string, string> } } => ({ metadata: { labels } });
const shop = labelled({ app: "shop", tier: "web", "example.org/level": "5" });

for (const [selector, isSelected] of [
  ["app=shop", true],
  ["app==shop,tier=web", true],
  ["app=shop,tier=db", false],
  ["app!=shop", false],
  ["missing!=x", true],
  ["app in (shop, bank)", true],
  ["app notin (shop)", false],
  ["missing notin (x)", true],
  ["app", true],
  ["!app", false],
  ["!missing", true],
  ["example.org/level>4", true],
  ["example.org/level<5", false],
  ["tier in (db),app", false],
  ["", true],
] as const) {
  test(`the label selector "${selector}" ${isSelected ? "takes" : "leaves"} the object`, () =>
    assert.equal(parseLabelSelector(selector)(shop), isSelected));
}

for (const selector of ["app shop", "app=shop tier=web", "in (a)", "=x", "app in shop", "app=shop,", ",app"]) {
  test(`the label selector "${selector}" is refused`, () => {
    assert.throws(
      () => parseLabelSelector(selector),
      (error) => error instanceof StatusError && error.code === 400 && error.message.includes(selector),
    );
  });
}

const type = { namespaced: true, selectableFields: new Map([["spec.nodeName", ["spec", "nodeName"]]]) };
const pod = { metadata: { name: "p", namespace: "n" }, spec: { nodeName: "node-1" } };

test("a field selector takes the fields of its kind and no others", () => {
  assert.equal(parseFieldSelector("metadata.name=p,spec.nodeName!=node-2", type)(pod), true);
  assert.equal(parseFieldSelector("spec.nodeName=", type)(pod), false);
  assert.equal(parseFieldSelector("metadata.namespace==n", type)(pod), true);
  assert.throws(() => parseFieldSelector("spec.image=x", type), /field label not supported: spec.image/);
  assert.throws(() => parseFieldSelector("metadata.name", type), /invalid selector/);
});
