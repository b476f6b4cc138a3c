import assert from "node:assert/strict";
import { test } from "node:test";

import type { KubeObject } from "../../kube/index.ts";
import { SliceAssembly, claimOf, membersOfSlice, restoreMember } from "./endpoint-members.ts";

function slice(name: string, service: string, ports: readonly object[], endpoints: readonly object[]): KubeObject {
  const object = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name, namespace: "shop", labels: { "kubernetes.io/service-name": service } },
    addressType: "IPv4",
    ports,
    endpoints,
  };
  return object;
}

function members(object: KubeObject): ReturnType<typeof membersOfSlice> {
  return membersOfSlice({ key: `shop/${object.metadata.name}`, value: object, version: "1" });
}

const http = { name: "http", port: 8080, protocol: "TCP" };
const admin = { name: "admin", port: 9000, protocol: "TCP" };

test("ready endpoints and those that serve while they terminate are members, one for each port; others are not", () => {
  const found = members(
    slice("web-1", "web", [http, admin], [
      { addresses: ["10.0.0.1"] },
      { addresses: ["10.0.0.2"], conditions: { ready: false, serving: true, terminating: true } },
      { addresses: ["10.0.0.3"], conditions: { ready: false, serving: false } },
      { addresses: [] },
      "nonsense",
    ] as object[]),
  );
  assert.deepEqual(
    found.map(({ value }) => `${value.address} ${String(value.port["port"])}`),
    ["10.0.0.1 8080", "10.0.0.1 9000", "10.0.0.2 8080", "10.0.0.2 9000"],
  );
});

test("slices put together from members carry the same endpoints, the withdrawn apart", () => {
  const [first, second] = members(
    slice(
      "web-1",
      "web",
      [http],
      [
        { addresses: ["10.0.0.2"], zone: "b" },
        { addresses: ["10.0.0.1"], zone: "a" },
      ],
    ),
  );
  assert.ok(first !== undefined && second !== undefined);
  const { fresh, withdrawn } = new SliceAssembly().of([
    { ...first, withdrawn: true },
    { ...second, withdrawn: false },
  ]);
  assert.deepEqual(
    [...fresh.values()].map((object) => ("endpoints" in object ? object.endpoints : undefined)),
    [[{ addresses: ["10.0.0.1"], zone: "a" }]],
  );
  assert.deepEqual(
    [...withdrawn.values()].map((object) => ("endpoints" in object ? object.endpoints : undefined)),
    [[{ addresses: ["10.0.0.2"], zone: "b" }]],
  );
});

test("two workloads on one host address with different ports do not claim each other's place, on one port they do", () => {
  const [web] = members(slice("web-1", "web", [http], [{ addresses: ["10.0.0.1"] }]));
  const [blog] = members(slice("blog-1", "blog", [admin], [{ addresses: ["10.0.0.1"] }]));
  const [thief] = members(slice("thief-1", "thief", [{ ...http, name: "" }], [{ addresses: ["10.0.0.1"] }]));
  assert.ok(web !== undefined && blog !== undefined && thief !== undefined);
  assert.notEqual(claimOf(web.value).address, claimOf(blog.value).address);
  assert.equal(claimOf(web.value).address, claimOf(thief.value).address);
  assert.notEqual(claimOf(web.value).owner, claimOf(thief.value).owner);
});

test("two Services of one pod are one owner", () => {
  const targetRef = { kind: "Pod", namespace: "shop", name: "web-x", uid: "u-1" };
  const [one] = members(slice("web-1", "web", [http], [{ addresses: ["10.0.0.1"], targetRef }]));
  const [other] = members(slice("canary-1", "canary", [http], [{ addresses: ["10.0.0.1"], targetRef }]));
  assert.ok(one !== undefined && other !== undefined);
  assert.deepEqual(claimOf(one.value), claimOf(other.value));
});

test("a member read back from the snapshot is checked", () => {
  const [one] = members(slice("web-1", "web", [http], [{ addresses: ["10.0.0.1"] }]));
  assert.deepEqual(restoreMember(JSON.parse(JSON.stringify(one?.value))), one?.value);
  assert.throws(() => restoreMember({ ...one?.value, address: 3 }), { code: "ROUTER_SNAPSHOT_CORRUPT" });
  assert.throws(() => restoreMember(null), { code: "ROUTER_SNAPSHOT_CORRUPT" });
});

test("a slice is the same object as long as its members are, and another one when one comes, goes, changes or is withdrawn", () => {
  const assembly = new SliceAssembly();
  const made = members(slice("web-1", "web", [http], [{ addresses: ["10.0.0.1"] }, { addresses: ["10.0.0.2"] }]));
  const other = members(slice("blog-1", "blog", [http], [{ addresses: ["10.0.0.3"] }]));
  const [first, second] = made;
  assert.ok(first !== undefined && second !== undefined);
  const accepted = [...made, ...other].map((member) => ({ ...member, withdrawn: false }));
  const before = [...assembly.of(accepted).fresh.values()];
  assert.deepEqual([...new SliceAssembly().of(accepted).fresh.values()], before);
  const again = [...assembly.of(accepted.map((member) => ({ ...member }))).fresh.values()];
  assert.deepEqual(
    again.map((object, at) => object === before[at]),
    [true, true],
  );
  const changes = [
    accepted.slice(1),
    accepted,
    accepted.with(0, { ...first, withdrawn: true }),
    accepted.with(0, { ...first, value: { ...first.value, address: "10.0.0.9" }, withdrawn: false }),
  ];
  for (const changed of changes) {
    const { fresh, withdrawn } = assembly.of(changed);
    assert.deepEqual({ fresh, withdrawn }, { ...new SliceAssembly().of(changed) });
    const [web, blog] = fresh.values();
    assert.equal(blog, before[1]);
    assert.notEqual(web, before[0]);
  }
});
