import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { AppError, type Clock, type Random, type Timer, messageOf, sleep } from "../../kernel/index.ts";
import type { Container } from "../objects/index.ts";
import { LogClock } from "./container-log.ts";
import { type ContainerProcess, adoptContainer, startContainer } from "./container-process.ts";
import {
  type ContainerRecord,
  NEW_RECORD,
  type Termination,
  containerIdOf,
  latestTermination,
  readRecord,
  writeJson,
} from "./container-record.ts";
import { type ProbeTarget, execCommand, httpGet, runProbe } from "./probe.ts";
import { type Prober, type ProbeVerdict, startProber } from "./prober.ts";

export interface RunnerDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** Something that the pod's status or next step depends on has changed. */
  changed(): void;
  event(type: "Normal" | "Warning", reason: string, message: string): void;
}

/** How to run a container; made anew for each start, because what it is made of may have come or changed. */
export interface RunPlan {
  readonly argv: readonly string[];
  readonly target: ProbeTarget;
}

const LOG_LOOK_MS = 100;
const KILLED_WAIT_MS = 5000;

/** One container of a pod: its record, its process, its probes, its log. Whether it should run is the pod's decision. */
export class ContainerRunner {
  readonly container: Container;
  readonly #dir: string;
  readonly #podUid: string;
  readonly #logMaxBytes: number;
  readonly #deps: RunnerDeps;
  #record: ContainerRecord;
  #process: ContainerProcess | undefined;
  #prober: Prober | undefined;
  #logTimer: Timer | undefined;
  #target: ProbeTarget | undefined;
  #stopping: { killAtMs: number; timer: Timer; reason: string } | undefined;

  /** `dir` is the container's own folder; a record found there is gone on with by {@link resume}. */
  constructor(
    container: Container,
    options: { readonly dir: string; readonly podUid: string; readonly logMaxBytes: number },
    deps: RunnerDeps,
  ) {
    this.container = container;
    this.#dir = options.dir;
    this.#podUid = options.podUid;
    this.#logMaxBytes = options.logMaxBytes;
    this.#deps = deps;
    this.#record = readRecord(join(this.#dir, "record.json")) ?? NEW_RECORD;
  }

  get record(): ContainerRecord {
    return this.#record;
  }

  get isRunning(): boolean {
    return this.#process !== undefined;
  }

  /** Folder of the present (or latest) run's log; `previous`: of the run before. */
  logDir(previous = false): string {
    return this.#attemptDir(this.#record.attempts - (previous ? 1 : 0));
  }

  /** Finds the process that an earlier kubelet had started. Before anything else. */
  resume(plan: () => RunPlan): void {
    // An attempt that was begun but not recorded any more is the newest all the same.
    const { attempts } = this.#record;
    const begun = existsSync(join(this.#attemptDir(attempts + 1), "pid")) ? attempts + 1 : attempts;
    if (begun === 0 || (begun === attempts && this.#record.state.type !== "running")) return;
    const { state } = this.#record;
    const was = begun === attempts && state.type === "running" ? state : { startedAtMs: this.#deps.clock.wallMs(), verdict: undefined };
    const found = adoptContainer(this.#attemptDir(begun), this.#deps.clock);
    this.#record = { ...this.#record, attempts: begun };
    if (found === undefined) this.#ended({ exitCode: 137, known: false, finishedAtMs: this.#deps.clock.wallMs() }, was.startedAtMs);
    else this.#watch(found, plan(), was.startedAtMs, was.verdict);
  }

  /** Starts it. A failure to start is a `waiting` state with the reason, not an error. `delayMs` is what was waited before. */
  async start(plan: () => RunPlan, delayMs?: number): Promise<void> {
    const last = latestTermination(this.#record);
    const attempts = this.#record.attempts + 1;
    let made: RunPlan;
    let started: ContainerProcess;
    try {
      made = plan();
      started = await startContainer(
        this.#attemptDir(attempts),
        { argv: made.argv, env: made.target.env, workingDir: made.target.workingDir },
        this.#deps.clock,
      );
    } catch (error) {
      if (this.#record.state.type !== "waiting" || this.#record.state.message !== messageOf(error))
        this.#deps.event("Warning", "Failed", messageOf(error));
      this.wait(reasonOf(error), messageOf(error));
      return;
    }
    this.#save({
      attempts,
      state: { type: "running", startedAtMs: this.#deps.clock.wallMs(), verdict: { started: false, ready: false, healthy: true } },
      ...(last === undefined ? {} : { last }),
      ...(delayMs === undefined ? {} : { restartDelayMs: delayMs }),
    });
    this.#deps.event("Normal", "Started", `Started container ${this.container.name}`);
    // The log of the run before stays for `kubectl logs --previous`; older ones go.
    if (attempts > 2) rmSync(this.#attemptDir(attempts - 2), { recursive: true, force: true });
    this.#watch(started, made, this.#deps.clock.wallMs());
  }

  /** Shows that it does not run, and why. */
  wait(reason: string, message?: string): void {
    const { state } = this.#record;
    if (state.type === "waiting" && state.reason === reason && state.message === message) return;
    const last = latestTermination(this.#record);
    this.#save({
      ...this.#record,
      state: { type: "waiting", reason, ...(message === undefined ? {} : { message }) },
      ...(last === undefined ? {} : { last }),
    });
    this.#deps.changed();
  }

  /**
   * Ends it: preStop hook, SIGTERM, and SIGKILL to its group when `graceMs` are over. Called again it only brings the kill
   * forward. What ends is in the record; nothing is awaited here.
   */
  stop(graceMs: number, options: { readonly reason?: string; readonly hook?: boolean; readonly signal?: NodeJS.Signals } = {}): void {
    const running = this.#process;
    if (running === undefined) return;
    const nowMs = this.#deps.clock.monoMs();
    const killAtMs = nowMs + graceMs;
    if (this.#stopping !== undefined && this.#stopping.killAtMs <= killAtMs) return;
    const first = this.#stopping === undefined;
    this.#stopping?.timer.cancel();
    const timer = this.#deps.clock.timer(graceMs, () => running.kill());
    this.#stopping = { killAtMs, timer, reason: options.reason ?? "" };
    if (!first) return;
    this.#deps.event("Normal", "Killing", options.reason ?? `Stopping container ${this.container.name}`);
    const term = (): void => running.signal(options.signal ?? "SIGTERM");
    if (options.hook === false || this.container.lifecycle?.preStop === undefined) term();
    else void this.#preStop(graceMs).then(term);
  }

  /** Resolves when it does not run, at the latest some seconds after it was killed. */
  async whenStopped(): Promise<void> {
    while (this.#process !== undefined) {
      const process = this.#process;
      await process.exited;
      const waitedUntilMs = this.#deps.clock.monoMs() + KILLED_WAIT_MS;
      while (this.#process === process && this.#deps.clock.monoMs() < waitedUntilMs) await sleep(this.#deps.clock, 10);
    }
  }

  /** Lets go of everything and leaves the container running, as a kubelet that is killed does. */
  abandon(): void {
    this.#quiet();
    this.#process?.detach();
    this.#process = undefined;
  }

  #watch(process: ContainerProcess, plan: RunPlan, startedAtMs: number, verdict?: ProbeVerdict): void {
    this.#process = process;
    this.#target = plan.target;
    const attempt = this.#record.attempts;
    this.#startLogClock();
    const { startupProbe, readinessProbe, livenessProbe } = this.container;
    const setVerdict = (next: ProbeVerdict): void => {
      if (this.#process !== process) return;
      this.#save({ ...this.#record, state: { type: "running", startedAtMs, verdict: next } });
      this.#deps.changed();
    };
    this.#prober = startProber(
      { startup: startupProbe, readiness: readinessProbe, liveness: livenessProbe, initial: verdict },
      {
        clock: this.#deps.clock,
        random: this.#deps.random,
        run: (probe) => runProbe(probe, plan.target),
        changed: setVerdict,
        failed: (kind, message) => this.#deps.event("Warning", "Unhealthy", `${kind} probe failed: ${message}`),
      },
    );
    setVerdict(this.#prober.verdict);
    void process.exited.then((exit) => {
      if (this.#process !== process || this.#record.attempts !== attempt) return;
      this.#process = undefined;
      this.#quiet();
      this.#ended(exit, startedAtMs);
    });
  }

  #ended(exit: { readonly exitCode: number; readonly known: boolean; readonly finishedAtMs: number }, startedAtMs: number): void {
    const termination: Termination = {
      exitCode: exit.exitCode,
      reason: exit.known ? (exit.exitCode === 0 ? "Completed" : "Error") : "ContainerStatusUnknown",
      ...(exit.known ? {} : { message: "The container could not be located when the kubelet looked for it" }),
      startedAtMs,
      finishedAtMs: exit.finishedAtMs,
      containerId: containerIdOf(this.#podUid, this.container.name, this.#record.attempts),
    };
    this.#save({ ...this.#record, state: { type: "terminated", termination } });
    this.#deps.changed();
  }

  #quiet(): void {
    this.#prober?.stop();
    this.#prober = undefined;
    this.#stopping?.timer.cancel();
    this.#stopping = undefined;
    this.#logTimer?.cancel();
    this.#logTimer = undefined;
  }

  #startLogClock(): void {
    const log = new LogClock(this.logDir(), this.#logMaxBytes);
    let timer: Timer;
    const look = (): void => {
      log.look(this.#deps.clock.wallMs());
      timer = this.#deps.clock.timer(LOG_LOOK_MS, look);
    };
    look();
    this.#logTimer = {
      cancel: () => {
        timer.cancel();
        log.look(this.#deps.clock.wallMs());
        log.close();
      },
    };
  }

  async #preStop(graceMs: number): Promise<void> {
    const hook = this.container.lifecycle?.preStop;
    const target = this.#target;
    if (hook === undefined || target === undefined) return;
    if (hook.sleep !== undefined) return sleep(this.#deps.clock, Math.min(hook.sleep.seconds * 1000, graceMs));
    const result =
      hook.exec !== undefined
        ? await execCommand(hook.exec.command, target, graceMs)
        : hook.httpGet !== undefined
          ? await httpGet(hook.httpGet, target, graceMs)
          : { success: true, message: "" };
    if (!result.success) this.#deps.event("Warning", "FailedPreStopHook", `PreStopHook failed: ${result.message}`);
  }

  #attemptDir(attempt: number): string {
    return join(this.#dir, String(attempt));
  }

  #save(record: ContainerRecord): void {
    this.#record = record;
    try {
      writeJson(join(this.#dir, "record.json"), record);
    } catch (error) {
      // A full disk stops no container; only a kubelet that is restarted now would know less.
      this.#deps.event("Warning", "FailedCheckpoint", `cannot write ${join(this.#dir, "record.json")}: ${messageOf(error)}`);
    }
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof AppError)) return "CreateContainerError";
  if (error.code === "KUBELET_NO_IMAGE") return "ErrImagePull";
  return error.code === "KUBELET_CONTAINER_CONFIG" ? "CreateContainerConfigError" : "RunContainerError";
}
