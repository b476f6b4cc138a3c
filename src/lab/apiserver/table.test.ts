import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "./json.ts";
import { podCells } from "./pod-printer.ts";
import { humanDuration } from "./table.ts";

for (const [seconds, text] of [
  [0, "0s"],
  [119, "119s"],
  [120, "2m"],
  [150, "2m30s"],
  [599, "9m59s"],
  [600, "10m"],
  [10_799, "179m"],
  [10_800, "3h"],
  [10_860, "3h1m"],
  [28_800, "8h"],
  [172_799, "47h"],
  [172_800, "2d"],
  [180_000, "2d2h"],
  [691_200, "8d"],
  [63_072_000, "2y"],
] as const) {
  test(`${seconds} seconds print as ${text}`, () => assert.equal(humanDuration(seconds * 1000), text));
}

const pod = (status: JsonObject, metadata: JsonObject = {}): JsonObject => ({
  metadata: { name: "p", ...metadata },
  spec: { containers: [{ name: "c" }], initContainers: [{ name: "i" }] },
  status,
});
const container = (state: JsonObject, rest: JsonObject = {}): JsonObject => ({
  containerStatuses: [{ name: "c", ready: false, restartCount: 0, state, ...rest }],
});

for (const [status, metadata, text] of [
  [{ phase: "Pending" }, {}, "Pending"],
  [{ phase: "Running", ...container({ running: {} }, { ready: true }) }, {}, "Running"],
  [{ phase: "Running", ...container({ waiting: { reason: "CrashLoopBackOff" } }) }, {}, "CrashLoopBackOff"],
  [{ phase: "Pending", ...container({ waiting: { reason: "ErrImagePull" } }) }, {}, "ErrImagePull"],
  [{ phase: "Failed", ...container({ terminated: { exitCode: 3 } }) }, {}, "ExitCode:3"],
  [{ phase: "Failed", ...container({ terminated: { signal: 9, exitCode: 137 } }) }, {}, "Signal:9"],
  [{ phase: "Succeeded", ...container({ terminated: { reason: "Completed", exitCode: 0 } }) }, {}, "Completed"],
  [{ phase: "Pending", initContainerStatuses: [{ name: "i", state: { running: {} } }] }, {}, "Init:0/1"],
  [
    { phase: "Pending", initContainerStatuses: [{ name: "i", state: { waiting: { reason: "CrashLoopBackOff" } } }] },
    {},
    "Init:CrashLoopBackOff",
  ],
  [{ phase: "Running", ...container({ running: {} }, { ready: true }) }, { deletionTimestamp: "2026-01-01T00:00:00Z" }, "Terminating"],
  [{ phase: "Succeeded" }, { deletionTimestamp: "2026-01-01T00:00:00Z" }, "Succeeded"],
] as const) {
  test(`a pod in the state ${JSON.stringify(status)} prints as ${text}`, () =>
    assert.equal(podCells(pod(status as unknown as JsonObject, metadata), 0)[2], text));
}

test("restarts tell when the last one was", () => {
  const cells = podCells(
    pod(container({ running: {} }, { restartCount: 3, lastState: { terminated: { finishedAt: "2026-01-01T00:00:00Z" } } })),
    Date.parse("2026-01-01T00:01:05Z"),
  );
  assert.equal(cells[3], "3 (65s ago)");
});
