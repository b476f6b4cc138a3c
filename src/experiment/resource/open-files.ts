import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { type ProcessIdentity, isRunning, messageOf } from "../../kernel/index.ts";
import { written } from "../document/json.ts";
import type { PreparedFault, Sight, UndoKind, UndoRecord } from "../fault/fault.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { type Victims, identityIn, objectsIn } from "./victims.ts";

const KIND = "resource/files";

/** Processes may open so many files, sockets among them, and no more: EMFILE. What is open stays open. */
export function prepareOpenFiles({ names, processes }: Victims, limit: number): PreparedFault {
  const before = processes.map((identity) => ({ pid: identity.pid, startTime: identity.startTime, soft: softLimitOf(identity) }));
  const look = (isLimited: boolean): Promise<Sight> => {
    const running = before.filter((one) => isRunning(one));
    const now = running.map((one) => softLimitOf(one));
    const seen = running.length > 0 && now.every((soft, at) => soft === (isLimited ? String(limit) : running[at]?.soft));
    return Promise.resolve({
      seen: seen || (!isLimited && running.length === 0),
      evidence: `open files of process ${running.map(({ pid }, at) => `${pid}: ${now[at]}`).join(", ")}`,
    });
  };
  return {
    kind: KIND,
    label: `at most ${limit} open files for ${names.join(", ")}`,
    victims: names,
    undo: { kind: KIND, processes: before },
    async apply(signal) {
      for (const { pid } of processes) await setSoftLimit(pid, String(limit), signal);
      return { processes: processes.length, limit };
    },
    witness: { label: "/proc/PID/limits", isInjected: () => look(true), isReverted: () => look(false) },
  };
}

export const openFilesUndo: UndoKind = {
  kind: KIND,
  async undo(record, { signal }) {
    for (const one of objectsIn(record["processes"]))
      if (isRunning(identityIn(one))) await setSoftLimit(Number(one["pid"]), written(one["soft"]), signal);
  },
  byHand: ({ processes }: UndoRecord) =>
    objectsIn(processes)
      .map(({ pid, soft }) => `prlimit --pid ${Number(pid)} --nofile=${written(soft)}:`)
      .join("; "),
};

function softLimitOf({ pid }: ProcessIdentity): string {
  try {
    return /^Max open files +(\d+|unlimited)/m.exec(readFileSync(`/proc/${pid}/limits`, "utf8"))?.[1] ?? "";
  } catch {
    return "";
  }
}

/** The hard limit stays: who is not root could not raise it again. */
function setSoftLimit(pid: number, soft: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile("prlimit", ["--pid", String(pid), `--nofile=${soft}:`], { timeout: 10_000, signal }, (error, _, stderr) => {
      if (error === null) resolve();
      else reject(new ActivityFailed(`prlimit of process ${pid}: ${stderr.trim() || messageOf(error)}`));
    });
  });
}
