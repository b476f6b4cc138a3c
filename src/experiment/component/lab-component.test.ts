import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../kernel/index.ts";
import { type LabComponent, choose } from "./lab-component.ts";

const component = (name: string, zone: string | null = null): LabComponent => ({
  name,
  zone,
  state: "running",
  pid: 7,
  startedAtTicks: "1",
  listens: [],
  address: null,
  node: name.split("/")[1] ?? null,
  startedBy: "kubelet",
});
const all = [
  component("apiserver"),
  ...["a", "b", "c"].flatMap((zone, at) => [
    component(`router/node-${at + 1}/hold`, zone),
    component(`router/node-${at + 1}/hold/control`, zone),
    component(`pod/shop/cart-${zone}.1/app`, zone),
  ]),
];
const names = (wanted: Parameters<typeof choose>[1], seed = 1): readonly string[] =>
  choose(all, wanted, seededRandom(seed)).map(({ name }) => name);

test("a star stands for anything but a slash, two for anything, and nothing else in a name is a pattern", () => {
  assert.deepEqual(names({ name: "router/*/hold" }), ["router/node-1/hold", "router/node-2/hold", "router/node-3/hold"]);
  assert.equal(names({ name: "router/**" }).length, 6);
  assert.deepEqual(names({ name: "pod/*/cart-b.1/app" }), ["pod/shop/cart-b.1/app"]);
  assert.throws(() => names({ name: "pod/shop/cart-b:1/app" }), /no component of the lab fits/);
  assert.throws(() => names({ name: "api" }), /no component of the lab fits api; it has apiserver, router/);
});

test("a zone and a node leave those there only", () => {
  assert.deepEqual(names({ name: "**", zone: "b", node: "node-2" }), ["router/node-2/hold", "router/node-2/hold/control"]);
});

test("one seed draws the same ones, nobody twice, and others draw others", () => {
  const drawn = Array.from({ length: 30 }, (_, seed) => names({ name: "router/*/hold", count: 2 }, seed));
  assert.deepEqual(names({ name: "router/*/hold", count: 2 }, 5), drawn[5]);
  assert.ok(drawn.every((two) => new Set(two).size === 2));
  assert.equal(new Set(drawn.flat()).size, 3);
});

test("fewer than are asked for are an error: nothing is broken less than it was meant to be", () => {
  assert.throws(() => names({ name: "router/*/hold", count: 4 }), /4 are asked for; only router\/node-1\/hold, .* fit router/);
});
