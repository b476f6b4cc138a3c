import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { signalProcess, statFields } from "../../kernel/index.ts";
import { written } from "../document/json.ts";
import type { PreparedFault, Sight, UndoKind, UndoRecord } from "../fault/fault.ts";

const KIND = "resource/burn";
const TAG = "HOLDFAST_BURN";
/** proc(5) `utime`, counted from `state`. */
const USER_TIME = 11;

/** Processes that do nothing but compute; they end by themselves after `seconds`. */
export function prepareBurn(workers: number, seconds: number): PreparedFault {
  const mark = randomBytes(6).toString("hex");
  const look = (isBurning: boolean): Promise<Sight> => {
    const pids = burners(mark);
    const ticks = pids.map((pid) => Number(statFields(read(`/proc/${pid}/stat`))[USER_TIME] ?? 0));
    const busy = ticks.filter((used) => used > 0).length;
    return Promise.resolve({
      seen: isBurning ? busy >= workers : pids.length === 0,
      evidence: `${pids.length} processes, ${busy} of them have used the processor`,
    });
  };
  return {
    kind: KIND,
    label: `${workers} processes that compute for ${seconds} s`,
    victims: ["this machine's processors"],
    undo: { kind: KIND, mark },
    apply() {
      for (let at = 0; at < workers; at++)
        spawn("timeout", ["-s", "KILL", String(seconds), "sh", "-c", "while :; do :; done"], {
          detached: true,
          stdio: "ignore",
          env: { PATH: process.env["PATH"], [TAG]: mark },
        })
          .on("error", () => {}) // Without `timeout` the witness sees nothing.
          .unref();
      return Promise.resolve({ workers });
    },
    witness: { label: "/proc/PID/stat of the processes", isInjected: () => look(true), isReverted: () => look(false) },
  };
}

export const burnUndo: UndoKind = {
  kind: KIND,
  undo(record) {
    for (const pid of burners(written(record["mark"]))) signalProcess(pid, "SIGKILL");
    return Promise.resolve();
  },
  byHand: ({ mark }: UndoRecord) => `kill every process with ${TAG}=${written(mark)} in its environment (grep -l in /proc/*/environ)`,
};

function burners(mark: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && read(`/proc/${name}/environ`).split("\0").includes(`${TAG}=${mark}`))
    .map(Number);
}

function read(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
