import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import type { Clock, Timer } from "../../kernel/index.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";

/** A watchdog that dies so often is killed by somebody, or cannot live. */
const MOST_STARTS = 4;
const READY_MS = 30_000;

export interface WatchdogOptions {
  readonly ledger: string;
  /** Without a sign of life for so long, faults are put back. */
  readonly leaseSeconds: number;
  /** What starts it: a program and its arguments, to which `--ledger` and `--lease` are added. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The run's side: starts the process that puts things back after us, and gives it signs of life. */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #clock: Clock;
  /** What is to be done when nobody watches over us any more, or somebody thought us dead. */
  readonly #halt: (why: string) => void;
  #child: ChildProcessByStdio<Writable, Readable, null> | undefined;
  #starts = 0;
  #beatMs = 0;
  #timer: Timer | undefined;
  #isOver = false;
  constructor(options: WatchdogOptions, clock: Clock, halt: (why: string) => void) {
    this.#options = options;
    this.#clock = clock;
    this.#halt = halt;
  }

  /** Resolves when it stands by. Rejects with {@link ActivityFailed}: then nothing may be injected. */
  async start(): Promise<void> {
    const { ledger, leaseSeconds, command, environment } = this.#options;
    this.#starts++;
    const [program, ...args] = [...command, "--ledger", ledger, "--lease", String(leaseSeconds)];
    const log = openSync(join(dirname(ledger), "watchdog.log"), "a", 0o600);
    // In a session of its own: what kills our process group does not reach it.
    const child = spawn(program, args, {
      detached: true,
      stdio: ["pipe", "pipe", log],
      env: { ...environment },
    }) as unknown as ChildProcessByStdio<Writable, Readable, null>;
    closeSync(log);
    this.#child = child;
    child.stdin.on("error", () => {});
    const failed = new Promise<never>((_, reject) => {
      child.once("error", (error) => reject(new ActivityFailed(`the watchdog cannot be started: ${error.message}`)));
      child.once("exit", (code) =>
        reject(new ActivityFailed(`the watchdog ended at its start (${String(code)}): see ${ledger} and watchdog.log`)),
      );
    });
    failed.catch(() => {});
    const late = this.#clock.timer(READY_MS, () => child.kill("SIGKILL"));
    try {
      await Promise.race([once(child.stdout, "data"), failed]);
    } finally {
      late.cancel();
    }
    child.stdout.resume();
    // It must not keep the run alive.
    child.unref();
    for (const stream of [child.stdin, child.stdout]) (stream as unknown as Socket).unref();
    child.once("exit", () => void this.#again());
    this.#beatMs = this.#clock.monoMs();
    this.#timer?.cancel();
    this.#beat();
  }

  /** It looks once more whether anything is open, and ends. */
  close(): void {
    this.#isOver = true;
    this.#timer?.cancel();
    this.#child?.stdin.end();
  }

  #beat(): void {
    if (this.#isOver) return;
    const { leaseSeconds } = this.#options;
    const nowMs = this.#clock.monoMs();
    const gapMs = nowMs - this.#beatMs;
    this.#beatMs = nowMs;
    this.#child?.stdin.write(".");
    if (gapMs > leaseSeconds * 1000) {
      this.#halt(`standing still for ${(gapMs / 1000).toFixed(0)} s, longer than the lease of its faults`);
      return;
    }
    this.#timer = this.#clock.timer((leaseSeconds * 1000) / 5, () => this.#beat());
  }

  /** Nobody watches over what is open now. */
  async #again(): Promise<void> {
    if (this.#isOver) return;
    if (this.#starts >= MOST_STARTS) return this.#halt(`its watchdog, which ended ${this.#starts} times`);
    await this.start().catch((error: unknown) => this.#halt(`its watchdog: ${error instanceof Error ? error.message : String(error)}`));
  }
}
