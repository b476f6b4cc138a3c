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
  const assembly = new SliceAssembly();
  assembly.put(first.key, { ...first, withdrawn: true });
  assembly.put(second.key, { ...second, withdrawn: false });
  assert.deepEqual(
    assembly.takeChanges().map(({ kind, object }) => [kind, object !== undefined && "endpoints" in object ? object.endpoints : undefined]),
    [
      ["WithdrawnEndpointSlice", [{ addresses: ["10.0.0.2"], zone: "b" }]],
      ["EndpointSlice", [{ addresses: ["10.0.0.1"], zone: "a" }]],
    ],
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

test("slices follow their members: one that comes, goes, changes, is withdrawn or moves tells its slices and no others", () => {
  const assembly = new SliceAssembly();
  const made = members(slice("web-1", "web", [http], [{ addresses: ["10.0.0.1"] }, { addresses: ["10.0.0.2"] }]));
  const [moved] = members(slice("web-2", "web", [http], [{ addresses: ["10.0.0.1"] }]));
  const [first, second] = made;
  assert.ok(first !== undefined && second !== undefined && moved !== undefined);
  assert.equal(moved.key, first.key);
  const told = (): readonly string[] =>
    assembly.takeChanges().map(({ kind, key, object }) => {
      const endpoints = object !== undefined && "endpoints" in object ? (object.endpoints as { addresses: string[] }[]) : [];
      return `${kind} ${key.split(" ")[0]}: ${object === undefined ? "gone" : endpoints.flatMap(({ addresses }) => addresses).join(" ")}`;
    });
  for (const member of [...made, ...members(slice("blog-1", "blog", [http], [{ addresses: ["10.0.0.3"] }]))])
    assembly.put(member.key, { ...member, withdrawn: false });
  assert.deepEqual(told(), ["EndpointSlice shop/web-1: 10.0.0.1 10.0.0.2", "EndpointSlice shop/blog-1: 10.0.0.3"]);
  assert.deepEqual(told(), []);
  assembly.put(second.key, { ...second, withdrawn: true });
  assert.deepEqual(told(), ["EndpointSlice shop/web-1: 10.0.0.1", "WithdrawnEndpointSlice shop/web-1: 10.0.0.2"]);
  assembly.put(moved.key, { ...moved, withdrawn: false });
  assert.deepEqual(told(), ["EndpointSlice shop/web-1: gone", "EndpointSlice shop/web-2: 10.0.0.1"]);
  assembly.put(second.key, undefined);
  assert.deepEqual(told(), ["WithdrawnEndpointSlice shop/web-1: gone"]);
});
