import { type ChildProcess, fork } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

import { SETTINGS } from "../../auth/testing/settings.ts";
import { systemClock, systemRandom } from "../../kernel/index.ts";
import { silentLog } from "../../telemetry/index.ts";
import type { RouterOptions } from "../options.ts";
import { Supervisor } from "../supervisor.ts";

/** A supervisor with toy children (toy-worker.ts, toy-control.ts) and a folder of its own; all gone when the test ends. */
export interface ToyRouter {
  readonly supervisor: Supervisor;
  readonly directory: string;
  /** Makes the control process hand out a generation with these route ids. */
  readonly publish: (...ids: string[]) => void;
  /** Resolves once `isSo` is true; looks after every few milliseconds, gives up with an error after 10 s. */
  readonly until: (what: string, isSo: () => boolean) => Promise<void>;
}

/** Starts it; `lines` are in the control's file from the start. */
export function startToyRouter(t: TestContext, overrides: Partial<RouterOptions> = {}, lines: readonly string[] = []): ToyRouter {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-router-"));
  const file = join(directory, "lines");
  writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
  const supervisor = new Supervisor(
    {
      routes: { type: "file", file },
      policy: "hold",
      listen: { host: "127.0.0.1", port: 1 },
      workers: 2,
      admin: { host: "127.0.0.1", port: 0 },
      source: "toy",
      drainDelayMs: 0,
      drainTimeoutMs: 1_000,
      staleAfterMs: 30_000,
      logs: { auditBodyBytes: 0 },
      auth: SETTINGS,
      h2c: false,
      backendTls: { isVerified: true },
      plugins: [],
      ...overrides,
    },
    {
      clock: systemClock,
      random: systemRandom,
      createLog: () => silentLog,
      processes: { worker: () => forkToy("./toy-worker.ts"), control: () => forkToy("./toy-control.ts") },
    },
  );
  t.after(async () => {
    supervisor.fail("test over");
    await supervisor.ended;
    rmSync(directory, { recursive: true, force: true });
  });
  return {
    supervisor,
    directory,
    publish: (...ids) => appendFileSync(file, `${ids.join(" ")}\n`),
    async until(what, isSo) {
      const limit = systemClock.monoMs() + 10_000;
      while (!isSo()) {
        if (systemClock.monoMs() > limit) throw new Error(`not within 10 s: ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
}

function forkToy(entry: string): ChildProcess {
  return fork(new URL(entry, import.meta.url), [], {
    execArgv: [],
    serialization: "advanced",
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}
