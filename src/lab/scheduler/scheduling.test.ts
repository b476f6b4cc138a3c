import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../kernel/testing/manual-clock.ts";
import type { Container, Node, Pod, PodSpec, Taint } from "../objects/index.ts";
import { reasonsAgainst, unschedulableMessage } from "./filters.ts";
import { type NodeView, account, podRequests, viewOf } from "./node-view.ts";
import { createSchedulingQueue } from "./scheduling-queue.ts";
import { pickNode } from "./scoring.ts";

const node = (name: string, zone: string, spec: Node["spec"] = {}, ready: "True" | "False" | "Unknown" = "True"): NodeView =>
  viewOf({
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: { "topology.kubernetes.io/zone": zone, disk: "ssd" } },
    spec,
    status: { allocatable: { cpu: "2", memory: "4Gi", pods: "3" }, conditions: [{ type: "Ready", status: ready }] },
  });
const asking = (requests: Record<string, string>, more: Partial<Container> = {}): Container => ({
  name: "c",
  image: "i",
  resources: { requests },
  ...more,
});
let uid = 0;
const pod = (spec: Partial<PodSpec> = {}, owner?: string): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: `p${uid}`,
    uid: `u${uid++}`,
    ...(owner === undefined ? {} : { ownerReferences: [{ apiVersion: "v1", kind: "X", name: owner, uid: owner, controller: true }] }),
  },
  spec: { containers: [asking({ cpu: "500m", memory: "1Gi" })], ...spec },
});

test("each filter refuses in kube-scheduler's words", () => {
  const taint: Taint = { key: "dedicated", value: "db", effect: "NoSchedule" };
  const cases: readonly (readonly [Pod, NodeView, readonly string[]])[] = [
    [pod(), node("a", "z"), []],
    [pod({ containers: [asking({ cpu: "3", memory: "8Gi" })] }), node("a", "z"), ["Insufficient cpu", "Insufficient memory"]],
    [pod({ containers: [asking({ "example.com/gpu": "1" })] }), node("a", "z"), ["Insufficient example.com/gpu"]],
    [pod({ nodeSelector: { disk: "hdd" } }), node("a", "z"), ["node(s) didn't match Pod's node affinity/selector"]],
    [pod({ nodeSelector: { disk: "ssd" } }), node("a", "z"), []],
    [pod(), node("a", "z", { unschedulable: true }), ["node(s) were unschedulable"]],
    [pod(), node("a", "z", { taints: [taint] }), ["node(s) had untolerated taint {dedicated: db}"]],
    [pod({ tolerations: [{ key: "dedicated", operator: "Exists" }] }), node("a", "z", { taints: [taint] }), []],
    [
      pod({ tolerations: [{ key: "dedicated", value: "web" }] }),
      node("a", "z", { taints: [taint] }),
      ["node(s) had untolerated taint {dedicated: db}"],
    ],
    [pod(), node("a", "z", { taints: [{ ...taint, effect: "PreferNoSchedule" }] }), []],
    [pod(), node("a", "z", {}, "Unknown"), ["node(s) had untolerated taint {node.kubernetes.io/unreachable: }"]],
    [pod({ tolerations: [{ operator: "Exists" }] }), node("a", "z", {}, "Unknown"), []],
  ];
  for (const [one, view, wanted] of cases) assert.deepEqual(reasonsAgainst(one, view), wanted);
});

test("what runs on a node takes its room, and gives it back", () => {
  const view = node("a", "z");
  const running = [pod(), pod(), pod()];
  for (const one of running) account(view, one, 1);
  assert.deepEqual(reasonsAgainst(pod(), view), ["Too many pods"]);
  for (const one of running) account(view, one, -1);
  assert.deepEqual([view.requested.size, view.owners.size, view.pods], [0, 0, 0]);
  account(view, pod({ containers: [asking({ cpu: "1900m" })] }), 1);
  assert.deepEqual(reasonsAgainst(pod(), view), ["Insufficient cpu"]);
});

test("a port of the node is given once", () => {
  const view = node("a", "z");
  account(view, pod({ hostNetwork: true, containers: [asking({}, { ports: [{ containerPort: 9999 }] })] }), 1);
  const wants = (hostPort: number): Pod => pod({ containers: [asking({}, { ports: [{ containerPort: 80, hostPort }] })] });
  assert.deepEqual(reasonsAgainst(wants(9999), view), ["node(s) didn't have free ports for the requested pod ports"]);
  assert.deepEqual(reasonsAgainst(wants(9998), view), []);
});

test("a pod asks for its containers together or its largest init container", () => {
  const requests = podRequests(
    pod({ containers: [asking({ cpu: "1" }), asking({ cpu: "500m" })], initContainers: [asking({ cpu: "1", memory: "1Gi" })] }),
  );
  assert.deepEqual(
    [...requests],
    [
      ["cpu", 1.5],
      ["memory", 2 ** 30],
    ],
  );
  assert.equal(
    podRequests(pod({ containers: [asking({ cpu: "lots" })] })).get("cpu"),
    Number.POSITIVE_INFINITY,
    "what cannot be read fits nowhere",
  );
});

test("pods of one owner are spread over zones, then nodes; others go where least is asked for", () => {
  const views = [node("a1", "a"), node("a2", "a"), node("b1", "b")];
  const placed: string[] = [];
  for (let count = 0; count < 4; count += 1) {
    const one = pod({}, "set");
    const best = pickNode(one, views, views);
    assert.ok(best);
    account(best, one, 1);
    placed.push(best.node.metadata.name);
  }
  assert.deepEqual(placed, ["a1", "b1", "a2", "b1"]);
  assert.equal(pickNode(pod(), views, views)?.node.metadata.name, "a1");
});

test("the message counts reasons over all nodes", () => {
  assert.equal(unschedulableMessage(3, new Map([["Insufficient memory", 3]])), "0/3 nodes are available: 3 Insufficient memory.");
  assert.equal(
    unschedulableMessage(
      3,
      new Map([
        ["b", 1],
        ["a", 2],
      ]),
    ),
    "0/3 nodes are available: 1 b, 2 a.",
  );
  assert.equal(unschedulableMessage(0, new Map()), "no nodes available to schedule pods");
});

const queueOptions = { initialBackoffMs: 1000, maxBackoffMs: 10_000, flushMs: 300_000 };

test("an unschedulable pod is left alone until something changes, and then waits out its back-off", async () => {
  const clock = new ManualClock();
  const queue = createSchedulingQueue(queueOptions, clock);
  queue.add("a", 0);
  assert.equal(queue.pop(), "a");
  queue.unschedulable("a");
  await clock.advance(60_000);
  assert.equal(queue.pop(), undefined);
  queue.moveAll();
  assert.equal(queue.pop(), "a", "its back-off was over");
  queue.unschedulable("a");
  queue.moveAll();
  assert.equal(queue.pop(), undefined);
  await clock.advance(2050);
  assert.equal(queue.pop(), "a", "two seconds after the second try");
});

test("a change that comes while a pod is looked at is not lost", async () => {
  const clock = new ManualClock();
  const queue = createSchedulingQueue(queueOptions, clock);
  queue.add("a", 0);
  queue.pop();
  queue.moveAll();
  queue.unschedulable("a");
  await clock.advance(1050);
  assert.equal(queue.pop(), "a");
});

test("with nothing changed at all an unschedulable pod is looked at again after five minutes", async () => {
  const clock = new ManualClock();
  const queue = createSchedulingQueue(queueOptions, clock);
  queue.add("a", 0);
  queue.pop();
  queue.unschedulable("a");
  await clock.advance(299_000);
  assert.equal(queue.pop(), undefined);
  await clock.advance(2000);
  assert.equal(queue.pop(), "a");
});

test("priority goes before arrival, and what was forgotten is not given out", () => {
  const queue = createSchedulingQueue(queueOptions, new ManualClock());
  queue.add("first", 0);
  queue.add("second", 0);
  queue.add("urgent", 1000);
  queue.forget("first");
  assert.deepEqual([queue.pop(), queue.pop(), queue.pop()], ["urgent", "second", undefined]);
});

test("ten thousand pods that fit nowhere hold one timer and are looked at once", async () => {
  const clock = new ManualClock();
  const queue = createSchedulingQueue(queueOptions, clock);
  let looks = 0;
  for (let number = 0; number < 10_000; number += 1) queue.add(`pod-${number}`, 0);
  const drain = (): void => {
    for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
      looks += 1;
      queue.unschedulable(key);
    }
  };
  drain();
  assert.equal(looks, 10_000);
  assert.equal(clock.pending, 1);
  await clock.advance(100_000);
  drain();
  assert.equal(looks, 10_000);
});
