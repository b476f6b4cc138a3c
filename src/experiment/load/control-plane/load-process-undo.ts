import { type ProcessIdentity, isRunning, signalProcess, sleep } from "../../../kernel/index.ts";
import { written } from "../../document/json.ts";
import type { UndoDeps, UndoKind, UndoRecord } from "../../fault/fault.ts";
import { ActivityFailed } from "../../provider/activity-failed.ts";

/** How long what is under way may take before the process is killed. */
const DRAIN_MS = 12_000;
const LOOK_MS = 50;

/** The fields of an undo record that name the process that sends load. */
export function processRecord({ pid, startTime }: ProcessIdentity): { readonly pid: number; readonly startTime: string } {
  return { pid, startTime };
}

/** Ends the process that sends load, if it is still that one. It would end with the experiment anyway. */
export async function endLoadProcess(record: UndoRecord, { clock }: UndoDeps): Promise<void> {
  const identity = { pid: Number(record["pid"]), startTime: written(record["startTime"]) };
  if (isRunning(identity)) signalProcess(identity.pid, "SIGTERM");
  const deadlineMs = clock.monoMs() + DRAIN_MS;
  while (isRunning(identity)) {
    if (clock.monoMs() > deadlineMs && !signalProcess(identity.pid, "SIGKILL"))
      throw new ActivityFailed(`process ${identity.pid}, which sends load, cannot be ended`);
    await sleep(clock, LOOK_MS);
  }
}

export const requestsUndo: UndoKind = {
  kind: "load/requests",
  undo: endLoadProcess,
  byHand: (record) => `kill ${Number(record["pid"])}`,
};
