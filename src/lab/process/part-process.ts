import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { setPriority } from "node:os";
import { dirname } from "node:path";
import { AppError, type Clock, type Timer, messageOf } from "../../kernel/index.ts";
import type { Log } from "../../telemetry/index.ts";

/** Every edge of a part's life, for the timeline; `exited` says in words what ended it. */
export type PartEvent =
  | { readonly type: "ready"; readonly part: string; readonly atMs: number; readonly starts: number }
  | { readonly type: "exited"; readonly part: string; readonly atMs: number; readonly reason: string; readonly asked: boolean };

/** Where a part is now; `restartAtMs` is wall-clock. */
export type PartState =
  | { readonly state: "stopped" }
  | { readonly state: "starting" }
  | { readonly state: "running"; readonly pid: number }
  | { readonly state: "backoff"; readonly restartAtMs: number };

export interface PartOptions {
  readonly name: string;
  /** The program: Node's own arguments (heap limit), then the entry file and what it is given. */
  readonly argv: readonly string[];
  /** What the part reads: written as JSON, read by the part at start. */
  readonly configFile: string;
  readonly config: unknown;
  readonly logFile: string;
  /** 0 is as ours; 10 yields to it. Stands for "on another machine": what runs there must not take the nodes' processor. */
  readonly niceness: number;
  /** First and longest wait before it is started again, doubling; reset after it ran for `longestMs`. */
  readonly backoffMs: { readonly first: number; readonly longest: number };
  /** How long after SIGTERM comes SIGKILL. */
  readonly stopTimeoutMs: number;
  /** Called with each new process. */
  readonly onSpawn?: (pid: number) => void;
}

/**
 * One part of the lab as a process of its own: started, watched, started again with a back-off when it dies, and put
 * an end to. It is what systemd or a static pod's kubelet is to a control plane. The part prints one line `ready`
 * when it serves, and ends by itself when this process is gone (its IPC channel closes).
 *
 * stopped → starting → running → backoff → starting …; `stop` and `hold` lead to stopped from anywhere.
 */
export class PartProcess {
  readonly name: string;
  readonly #options: PartOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #report: (event: PartEvent) => void;
  #state: PartState = { state: "stopped" };
  #child: ChildProcess | undefined;
  #argv: readonly string[];
  #timer: Timer | undefined;
  #backoffMs: number;
  #startedAtMs = 0;
  #wanted = false;
  #asked = false;
  #starts = 0;
  #readers: ((ready: boolean) => void)[] = [];
  #exits: (() => void)[] = [];

  constructor(options: PartOptions, deps: { readonly clock: Clock; readonly log: Log; readonly report: (event: PartEvent) => void }) {
    this.name = options.name;
    this.#options = options;
    this.#argv = options.argv;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#report = deps.report;
    this.#backoffMs = options.backoffMs.first;
  }

  get state(): PartState {
    return this.#state;
  }

  /** How often it was started. */
  get starts(): number {
    return this.#starts;
  }

  /** Starts it and waits until it says it serves. Throws LAB_PART_FAILED when it dies or says nothing for `timeoutMs`. */
  async start(timeoutMs: number): Promise<void> {
    this.#wanted = true;
    if (this.#state.state === "running") return;
    if (this.#state.state !== "starting") this.#spawn();
    const ready = await new Promise<boolean>((resolve) => {
      const timer = this.#clock.timer(timeoutMs, () => resolve(false));
      this.#readers.push((isReady) => {
        timer.cancel();
        resolve(isReady);
      });
    });
    if (!ready)
      throw new AppError("LAB_PART_FAILED", `the lab's ${this.name} did not start; its last words are in ${this.#options.logFile}`);
  }

  /** Changes what it is started with from the next start on (a larger heap: a bigger machine). */
  setArgv(argv: readonly string[]): void {
    this.#argv = argv;
  }

  /** Sends a signal to the process, which is started again as after any death. Returns its process id, or undefined when it is not running. */
  kill(signal: NodeJS.Signals): number | undefined {
    if (this.#state.state !== "running") return undefined;
    const { pid } = this.#state;
    process.kill(pid, signal);
    return pid;
  }

  /** Ends it and leaves it ended until `start`. Resolves when it is gone. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    this.#wanted = false;
    this.#timer?.cancel();
    const child = this.#child;
    if (child === undefined) {
      this.#state = { state: "stopped" };
      return;
    }
    this.#asked = true;
    const gone = new Promise<void>((resolve) => this.#exits.push(resolve));
    child.kill(signal);
    const timer = this.#clock.timer(this.#options.stopTimeoutMs, () => child.kill("SIGKILL"));
    await gone;
    timer.cancel();
  }

  #spawn(): void {
    this.#state = { state: "starting" };
    this.#starts += 1;
    this.#startedAtMs = this.#clock.monoMs();
    mkdirSync(dirname(this.#options.configFile), { recursive: true });
    mkdirSync(dirname(this.#options.logFile), { recursive: true });
    writeFileSync(this.#options.configFile, JSON.stringify(this.#options.config), { mode: 0o600 });
    const log = openSync(this.#options.logFile, "a");
    const child = spawn(process.execPath, [...this.#argv, this.#options.configFile], { stdio: ["ignore", "pipe", log, "ipc"] });
    closeSync(log);
    this.#child = child;
    child.once("error", (error) => this.#onExit(child, messageOf(error)));
    child.once("exit", (code, signal) => this.#onExit(child, exitReason(code, signal)));
    if (child.pid === undefined) return;
    try {
      setPriority(child.pid, this.#options.niceness);
      this.#options.onSpawn?.(child.pid);
    } catch (thrown) {
      this.#log.debug({ part: this.name, error: messageOf(thrown) }, "process not limited as wanted");
    }
    const { pid } = child;
    let heard = "";
    child.stdout?.setEncoding("utf8");
    child.stdout?.on("data", (chunk: string) => {
      if (this.#state.state !== "starting" || this.#child !== child) return;
      heard = (heard + chunk).slice(-4096);
      if (!/(^|\n)ready\n/.test(heard)) return;
      this.#state = { state: "running", pid };
      this.#report({ type: "ready", part: this.name, atMs: this.#clock.wallMs(), starts: this.#starts });
      this.#tell(true);
    });
  }

  #onExit(child: ChildProcess, reason: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    const asked = this.#asked;
    this.#asked = false;
    this.#report({ type: "exited", part: this.name, atMs: this.#clock.wallMs(), reason, asked });
    for (const resolve of this.#exits.splice(0)) resolve();
    if (!this.#wanted) {
      this.#state = { state: "stopped" };
      this.#tell(false);
      return;
    }
    if (this.#clock.monoMs() - this.#startedAtMs > this.#options.backoffMs.longest) this.#backoffMs = this.#options.backoffMs.first;
    const waitMs = this.#backoffMs;
    this.#backoffMs = Math.min(this.#backoffMs * 2, this.#options.backoffMs.longest);
    this.#state = { state: "backoff", restartAtMs: this.#clock.wallMs() + waitMs };
    if (this.#starts === 1) this.#tell(false);
    this.#timer = this.#clock.timer(waitMs, () => this.#spawn());
  }

  #tell(ready: boolean): void {
    for (const reader of this.#readers.splice(0)) reader(ready);
  }
}

/** In words: V8 ends an out-of-memory process by abort (SIGABRT, or 134 through a shell); a cgroup's OOM killer sends SIGKILL. */
function exitReason(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === "SIGABRT" || signal === "SIGTRAP" || signal === "SIGILL" || code === 134) return "V8 out of memory";
  if (signal === "SIGKILL") return "SIGKILL";
  if (signal !== null) return signal;
  return `exit code ${code ?? "unknown"}`;
}
