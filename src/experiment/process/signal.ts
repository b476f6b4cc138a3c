import { written } from "../document/json.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import type { PreparedFault, Sight, UndoKind, UndoRecord } from "../fault/fault.ts";
import { type ProcessIdentity, isRunning, signalProcess, stateOf } from "../../kernel/index.ts";

const KIND = "process/signal";

export type SignalName = "STOP" | "KILL" | "TERM" | "INT" | "QUIT";

/** A signal to one process. STOP is undone by CONT; after the others it is gone. `name` is for people. */
export function prepareSignal(identity: ProcessIdentity, signal: SignalName, name = `process ${identity.pid}`): PreparedFault {
  const isStop = signal === "STOP";
  if (!isRunning(identity)) throw new ActivityFailed(`${name} does not run`);
  if (isStop && isStopped(identity)) throw new ActivityFailed(`${name} is stopped already: putting that back would not be putting back`);
  return {
    kind: KIND,
    label: `SIG${signal} of ${name}`,
    victims: [name],
    undo: isStop ? { kind: KIND, pid: identity.pid, startTime: identity.startTime } : null,
    apply() {
      if (!isRunning(identity) || !signalProcess(identity.pid, `SIG${signal}`))
        return Promise.reject(new ActivityFailed(`${name} cannot be sent SIG${signal}`));
      return Promise.resolve({ pid: identity.pid, signal });
    },
    witness: {
      label: `/proc/${identity.pid}/stat`,
      isInjected: () => Promise.resolve(isStop ? sight(identity, isStopped(identity)) : sight(identity, !isRunning(identity))),
      // A process that was killed is not run again by us: it is over when it is gone.
      isReverted: () => Promise.resolve(isStop ? sight(identity, !isStopped(identity)) : sight(identity, !isRunning(identity))),
    },
  };
}

/** Also when it ended meanwhile: then there is nothing to put back. */
export const signalUndo: UndoKind = {
  kind: KIND,
  undo(record) {
    const identity = identityIn(record);
    if (isRunning(identity) && isStopped(identity) && !signalProcess(identity.pid, "SIGCONT"))
      return Promise.reject(new ActivityFailed(`process ${identity.pid} cannot be sent SIGCONT`));
    return Promise.resolve();
  },
  byHand: (record) => `kill -CONT ${identityIn(record).pid}`,
};

function identityIn({ pid, startTime }: UndoRecord): ProcessIdentity {
  return { pid: Number(pid), startTime: written(startTime) };
}

function isStopped(identity: ProcessIdentity): boolean {
  const state = isRunning(identity) ? stateOf(identity.pid) : undefined;
  return state === "T" || state === "t";
}

function sight(identity: ProcessIdentity, seen: boolean): Sight {
  const state = isRunning(identity) ? `state ${stateOf(identity.pid) ?? "unknown"}` : "no such process";
  return { seen, evidence: `process ${identity.pid}: ${state}` };
}
