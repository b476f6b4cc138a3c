import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node, Pod, Service } from "../objects/index.ts";
import { SLICE_MAX, planSlices } from "./endpoint-slices.ts";

const service: Service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "shop", uid: "s1", labels: { team: "a" } },
  spec: { selector: { app: "web" }, ports: [{ name: "http", port: 80, targetPort: "http" }] },
};
const node: Node = { apiVersion: "v1", kind: "Node", metadata: { name: "node-1", labels: { "topology.kubernetes.io/zone": "a" } } };
const nodeOf = (name: string): Node | undefined => (name === "node-1" ? node : undefined);
const pod = (
  number: number,
  more: { ready?: boolean; port?: number; deleted?: boolean; phase?: string; node?: string; ip?: string | undefined } = {},
): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: `web-${number}`,
    namespace: "shop",
    uid: `p${number}`,
    labels: { app: "web" },
    ...(more.deleted === true ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
  },
  spec: {
    nodeName: more.node ?? "node-1",
    containers: [{ name: "c", image: "i", ports: [{ name: "http", containerPort: more.port ?? 8080 }] }],
  },
  status: {
    phase: more.phase ?? "Running",
    ...("ip" in more ? {} : { podIP: `10.0.0.${number}` }),
    conditions: [{ type: "Ready", status: more.ready === false ? "False" : "True" }],
  },
});

test("an endpoint tells whether it is ready, serving and terminating, and where it is", () => {
  const [slice] = planSlices(service, [pod(1), pod(2, { ready: false }), pod(3, { deleted: true })], nodeOf, []);
  assert.deepEqual(
    slice?.endpoints?.map(({ addresses, conditions }) => [addresses[0], conditions.ready, conditions.serving, conditions.terminating]),
    [
      ["10.0.0.1", true, true, false],
      ["10.0.0.2", false, false, false],
      ["10.0.0.3", false, true, true],
    ],
  );
  assert.deepEqual([slice?.endpoints?.[0]?.zone, slice?.endpoints?.[0]?.nodeName], ["a", "node-1"]);
  assert.equal(slice?.metadata.labels?.["kubernetes.io/service-name"], "web");
  assert.equal(slice?.metadata.ownerReferences?.[0]?.uid, "s1");
});

test("pods without an address, finished pods and pods of unknown nodes are no endpoints; without any there is one empty slice", () => {
  const slices = planSlices(service, [pod(1, { ip: undefined }), pod(2, { phase: "Succeeded" }), pod(3, { node: "gone" })], nodeOf, []);
  assert.deepEqual(
    slices.map(({ endpoints }) => endpoints),
    [[]],
  );
});

test("a named port that differs between pods makes a slice for each number", () => {
  const slices = planSlices(service, [pod(1), pod(2, { port: 9090 })], nodeOf, []);
  assert.deepEqual(
    slices.map(({ ports, endpoints }) => [ports?.[0]?.port, endpoints?.length]).sort(([one = 0], [two = 0]) => one - two),
    [
      [8080, 1],
      [9090, 1],
    ],
  );
});

test("more than a hundred endpoints fill several slices, and stay where they are when others go", () => {
  const pods = Array.from({ length: 2 * SLICE_MAX + 50 }, (_, number) => pod(number));
  const before = planSlices(service, pods, nodeOf, []);
  assert.deepEqual(
    before.map(({ endpoints }) => endpoints?.length),
    [100, 100, 50],
  );
  const after = planSlices(
    service,
    pods.filter((_, at) => at !== 0),
    nodeOf,
    before,
  );
  const moved = after.filter((slice, at) => JSON.stringify(slice.endpoints) !== JSON.stringify(before[at]?.endpoints));
  assert.equal(moved.length, 1, "only the slice that lost one changes");
  assert.equal(new Set(after.flatMap(({ endpoints }) => endpoints?.map(({ targetRef }) => targetRef?.uid))).size, pods.length - 1);
});
