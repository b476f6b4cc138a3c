import assert from "node:assert/strict";
import { test } from "node:test";
import { FormerOwners } from "./former-owners.ts";

test("of one load balancer the latest 200 owners are remembered, and none that another one serves now", () => {
  const owners = new FormerOwners({});
  for (let at = 0; at < 250; at++) owners.see(new Map([["a", [`Ingress shop/${at}`]]]));
  assert.deepEqual(
    owners.of("a"),
    Array.from({ length: 200 }, (_, at) => `Ingress shop/${50 + at}`),
  );
  owners.see(new Map([["b", ["Ingress shop/249"]]]));
  assert.deepEqual([owners.of("a")?.length, owners.of("b")], [199, ["Ingress shop/249"]]);
  assert.equal(owners.of("c"), undefined, "nobody remembers");
});

test("what is learned in doubt is remembered, and makes nobody forget", () => {
  const owners = new FormerOwners({});
  owners.see(new Map([["a", ["Ingress shop/1"]]]));
  owners.learn(new Map([["b", ["Ingress shop/1", "Ingress shop/2"]]]));
  assert.deepEqual([owners.of("a"), owners.of("b")], [["Ingress shop/1"], ["Ingress shop/1", "Ingress shop/2"]]);
});
