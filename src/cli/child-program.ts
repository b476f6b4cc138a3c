import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";

const MAIN = new URL("main.ts", import.meta.url).pathname;

/** Another `holdfast` of this checkout, as a child in a group of its own: Ctrl-C reaches it by us alone, and in our order. */
export interface ChildProgram {
  readonly process: ChildProcess;
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** SIGTERM, and SIGKILL for what is left after `patienceMs`. */
  stop(patienceMs: number): Promise<void>;
}

/** `output`: where what it says goes; standard output can be a pipe beside that. */
export function startProgram(
  argv: readonly string[],
  { output, isPiped }: { readonly output: string; readonly isPiped: boolean },
): ChildProgram {
  const file = openSync(output, "a", 0o600);
  const child = spawn(process.execPath, [MAIN, ...argv], { stdio: ["ignore", isPiped ? "pipe" : file, file], detached: true });
  closeSync(file);
  const ended = once(child, "exit").then(([code]) => code as number | null);
  return {
    process: child,
    ended,
    async stop(patienceMs) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), patienceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}
