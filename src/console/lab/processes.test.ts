import assert from "node:assert/strict";
import { test } from "node:test";
import type { LocalPod } from "../../lab/index.ts";
import { containerView, partView } from "./processes.ts";

type Container = NonNullable<NonNullable<LocalPod["status"]>["containerStatuses"]>[number];

const atMs = Date.parse("2026-11-23T07:00:10Z");
const dead = (seconds: number, finishedAt: string): Container => ({
  restartCount: 3,
  ready: false,
  state: {
    waiting: {
      reason: "CrashLoopBackOff",
      message: `back-off ${seconds}s restarting failed container=router pod=kube-system/router-hold-x`,
    },
  },
  lastState: { terminated: { finishedAt } },
});

test("a container in back-off says how long it still waits, from its end and what its kubelet told", () => {
  assert.deepEqual(containerView(dead(8, "2026-11-23T07:00:07Z"), atMs), { state: "backoff", restartInMs: 5_000 });
  assert.deepEqual(containerView(dead(2, "2026-11-23T07:00:07Z"), atMs), { state: "backoff", restartInMs: 0 });
});

test("how long is not known where the kubelet does not say", () => {
  const silent: Container = { restartCount: 3, ready: false, state: { waiting: { reason: "CrashLoopBackOff" } } };
  assert.deepEqual(containerView(silent, atMs), { state: "backoff", restartInMs: null });
});

test("what is not there is stopped, what has begun but does not answer is starting", () => {
  assert.deepEqual(containerView(undefined, atMs), { state: "stopped", restartInMs: null });
  assert.deepEqual(containerView({ restartCount: 0, ready: false, state: { running: {} } }, atMs), {
    state: "starting",
    restartInMs: null,
  });
});

test("a part in back-off counts down to its restart and not below", () => {
  assert.deepEqual(partView({ state: "backoff", restartAtMs: atMs + 1_500 }, atMs), { state: "backoff", restartInMs: 1_500 });
  assert.deepEqual(partView({ state: "backoff", restartAtMs: atMs - 1 }, atMs), { state: "backoff", restartInMs: 0 });
});
