import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";

import type { Clock, Random, Timer } from "../kernel/index.ts";
import type { EndpointStats } from "../proxy/index.ts";
import type { FamilyDump, Log } from "../telemetry/index.ts";
import { CertificateWatch } from "./certificate-status.ts";
import { controlConfig, workerConfig } from "./child-configs.ts";
import { type ChildExit, type ChildView, viewOfChild } from "./child.ts";
import { ControlProcess } from "./control-process.ts";
import { type Distributor, createDistributor } from "./distributor.ts";
import { textOf } from "./fold-generation.ts";
import { type LateLog, createLateLog } from "./late-log.ts";
import type { HoldDecision } from "../admin/index.ts";
import type { ControlStatus, Fatal, FromControl, FromWorker, LogRecord } from "./messages.ts";
import { createMetricsLedger } from "./metrics-ledger.ts";
import type { RouterOptions } from "./options.ts";
import { createRequests } from "./requests.ts";
import { type SnapshotStore, openSnapshotStore } from "./snapshot/store.ts";
import { WorkerGroup } from "./worker-group.ts";
import type { WorkerView } from "./worker-link.ts";

/** How a router ended: `badInput` when it could not start as told, with the one line to print. */
export type RouterEnd = { readonly type: "drained" } | { readonly type: "badInput"; readonly message: string };

interface SupervisorDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** Called after the workers are started: making a log takes longer than starting them. */
  readonly createLog: () => Log;
  /** Start the two kinds of child, with an IPC channel; each finds its config in its first message. */
  readonly processes: { readonly worker: () => ChildProcess; readonly control: () => ChildProcess };
}

const TICK_MS = 1_000;
const TICKET_KEY_BYTES = 48;
/** Whoever finds a key reads what was resumed with tickets of these hours, unless the clients speak TLS 1.3. */
const TICKET_KEY_MS = 6 * 3_600_000;
const FIRST_WORKER_HEAD_START_MS = 1_000;
/** Once the first worker listens, the clients that waited are answered before two more processes start beside it. */
const FIRST_ANSWERS_MS = 50;

/**
 * The parent of all processes of a router. It starts the workers first, then the control process, starts again what dies,
 * relays generations without reading them, and ends in three steps: drain (not ready, serving), close (requests in flight
 * finish), gone.
 */
export class Supervisor {
  readonly options: RouterOptions;
  readonly startedAtMs: number;
  readonly distributor: Distributor;
  /** Resolves when everything is closed and every child is gone. */
  readonly ended: Promise<RouterEnd>;
  /** Resolves to the port once the first worker listens. */
  readonly listening: Promise<number>;
  /** Resolves once the control process has begun, or a worker has a table without it: that the router is what it was told to be. */
  readonly started: Promise<void>;
  readonly log: LateLog = createLateLog();
  readonly certificates = new CertificateWatch(this.log);

  readonly #deps: SupervisorDeps;
  readonly #store: SnapshotStore | undefined;
  readonly #requests;
  readonly #metrics = createMetricsLedger();
  readonly #workers: WorkerGroup;
  /** What each worker said last. */
  readonly #endpoints = new Map<string, EndpointStats>();
  readonly #control: ControlProcess;
  readonly #end = Promise.withResolvers<RouterEnd>();
  readonly #listen = Promise.withResolvers<number>();
  readonly #start = Promise.withResolvers<void>();
  /** Session tickets of one worker are good at all; the key is in memory only. */
  #ticketKey: Uint8Array = randomBytes(TICKET_KEY_BYTES);
  #ticketKeyMs: number;
  #phase: "running" | "draining" | "closing" = "running";
  /** Why the control process cannot start; it ends the router only when there is no table to serve. */
  #controlProblem: Fatal | undefined;
  #hasListened = false;
  #drainDelay: Timer | undefined;
  /** Starts what the first worker does not need, while that is still to be done. */
  #others: Timer | undefined;
  #tick: Timer;

  constructor(options: RouterOptions, deps: SupervisorDeps) {
    this.options = options;
    this.#deps = deps;
    this.startedAtMs = deps.clock.wallMs();
    this.#ticketKeyMs = deps.clock.monoMs();
    this.ended = this.#end.promise;
    this.listening = this.#listen.promise;
    this.started = this.#start.promise;
    this.#requests = createRequests(deps.clock);
    const { snapshotDirectory: directory, source } = options;
    this.#store = directory === undefined ? undefined : openSnapshotStore({ directory, source }, { log: this.log });
    this.distributor = createDistributor(options.policy === "naive" ? "live" : "restored", {
      send: (id, message) => this.#workers.update(id, message),
      onBad: (number, reason) => this.#condemn(number, reason),
      onGap: () => this.#control.send({ type: "wholeWanted" }),
      onProven: (number) => this.#control.send({ type: "served", number }),
    });
    this.#control = new ControlProcess({
      clock: deps.clock,
      random: deps.random,
      fork: deps.processes.control,
      config: () => controlConfig(options, this.#numbers),
      onMessage: (message) => this.#fromControl(message),
      onExit: (exit) => {
        this.#metrics.gone("control");
        if (this.#phase !== "closing") this.log.warn({ ...exit }, "control process ended, workers serve on and it is started again");
      },
    });
    this.#workers = new WorkerGroup({
      clock: deps.clock,
      random: deps.random,
      fork: deps.processes.worker,
      config: () => workerConfig(options, { distributor: this.distributor, ticketKey: this.#ticketKey }),
      onStart: (id) => this.distributor.workerStarted(id),
      onMessage: (id, message) => this.#fromWorker(id, message),
      onExit: (id, exit) => this.#workerGone(id, exit),
    });
    this.#workers.start("worker-0");
    this.log.open(deps.createLog());
    // With a snapshot to boot from, the first worker has the processors to itself until it serves; without one the control process is
    // what the first answer waits for.
    this.#others =
      (this.#store?.greatestNumber() ?? 0) > 0 ? deps.clock.timer(FIRST_WORKER_HEAD_START_MS, () => this.#startOthers()) : undefined;
    if (this.#others === undefined) this.#startOthers();
    this.#tick = deps.clock.timer(TICK_MS, () => this.#onTick());
  }

  get phase(): "running" | "draining" | "closing" {
    return this.#phase;
  }

  /** True with a table in every worker that listens, at least one, and not draining. Asks nobody. */
  get isReady(): boolean {
    const listening = this.workers.filter(({ state }) => state === "ready");
    return this.#phase === "running" && listening.length > 0 && listening.every(({ generation }) => generation > 0);
  }

  get workers(): readonly (ChildView & WorkerView & { readonly id: string; readonly endpoints: EndpointStats | undefined })[] {
    return this.#workers.children.map(([id, child]) => ({
      id,
      ...viewOfChild(child),
      ...this.distributor.view(id),
      endpoints: this.#endpoints.get(id),
    }));
  }

  get control(): ChildView {
    return viewOfChild(this.#control.child);
  }

  /** What the control process said last and how long ago; undefined before it said anything. */
  get status(): { readonly value: ControlStatus; readonly ageMs: number } | undefined {
    const { status, silentForMs } = this.#control;
    return status === undefined ? undefined : { value: status, ageMs: silentForMs };
  }

  /** The newest good generation's text: from memory, or from disk while the control process has not sent one. */
  newestGeneration(): string | undefined {
    const { newest, bad } = this.distributor;
    return newest === undefined ? this.#store?.readNewest(bad)?.text : textOf(newest);
  }

  /** The metrics of all children added up; of one that does not answer within two seconds, those of the last time. */
  async childMetrics(): Promise<readonly FamilyDump[]> {
    const ask = async (id: string, send: (request: number) => boolean): Promise<void> => {
      const dump = await this.#requests.ask<readonly FamilyDump[]>(send);
      if (dump !== undefined) this.#metrics.seen(id, dump);
    };
    await Promise.all([
      ...this.#workers.children.map(([name, child]) => ask(name, (id) => child.send({ type: "stats", id }))),
      ask("control", (id) => this.#control.send({ type: "stats", id })),
    ]);
    return this.#metrics.total();
  }

  /** Hands a person's decision to the control process. Resolves to undefined, or to why it could not be done. */
  async decide(decision: HoldDecision): Promise<string | undefined> {
    const answer = await this.#requests.ask<{ readonly problem: string | undefined }>((id) =>
      this.#control.send({ type: "decide", id, decision }),
    );
    return answer === undefined
      ? "the control process is not running or does not answer; what is held stays held, try again"
      : answer.problem;
  }

  /** Policy naive only: asks the API server now, through the control process. */
  async apiAnswers(): Promise<boolean> {
    return (await this.#requests.ask<boolean>((id) => this.#control.send({ type: "askApi", id }))) ?? false;
  }

  /** Called once: drains. Again: stops waiting for the load balancer. Again: stops waiting for requests in flight. */
  drain(): void {
    if (this.#phase === "running") {
      this.#phase = "draining";
      this.log.info({ delayMs: this.options.drainDelayMs }, "draining: not ready, still serving");
      this.#workers.tell({ type: "drain" });
      this.#drainDelay = this.#deps.clock.timer(this.options.drainDelayMs, () => void this.#close());
    } else if (this.#phase === "draining") {
      void this.#close();
    } else {
      void this.#workers.kill();
    }
  }

  /** Ends at once because the router cannot do what it was told; `message` is the one line for the user. */
  fail(message: string): void {
    this.#tick.cancel();
    this.#others?.cancel();
    this.#phase = "closing";
    const gone = [this.#workers.kill(), this.#control.kill()];
    void Promise.all(gone).then(() => this.#end.resolve({ type: "badInput", message }));
  }

  async #close(): Promise<void> {
    this.#drainDelay?.cancel();
    this.#others?.cancel();
    this.#phase = "closing";
    this.#tick.cancel();
    const { drainTimeoutMs } = this.options;
    this.log.info({ timeoutMs: drainTimeoutMs }, "closing: no new connections, requests in flight finish");
    await Promise.all([this.#workers.close(drainTimeoutMs), this.#control.kill()]);
    this.log.info({}, "closed");
    this.#end.resolve({ type: "drained" });
  }

  #startOthers(): void {
    this.#others?.cancel();
    this.#others = undefined;
    if (this.#phase === "closing") return;
    for (let at = 1; at < this.options.workers; at++) this.#workers.start(`worker-${at}`);
    this.#control.start();
  }

  get #numbers(): { readonly lastNumber: number; readonly servedNumber: number } {
    const { newest, bad } = this.distributor;
    const servedNumber = newest?.header.number ?? 0;
    return { servedNumber, lastNumber: Math.max(servedNumber, ...bad, ...this.workers.map(({ generation }) => generation)) };
  }

  #condemn(number: number, reason: string): void {
    this.log.error({ generation: number, reason }, "generation is bad, the one before it serves");
    this.#store?.markBad(number, reason);
    this.#control.send({ type: "generationBad", number, reason });
  }

  #workerGone(id: string, exit: ChildExit): void {
    if (this.#others !== undefined) this.#startOthers();
    this.#metrics.gone(id);
    this.#endpoints.delete(id);
    this.distributor.workerGone(id);
    if (this.#phase !== "closing") this.log.warn({ worker: id, ...exit }, "worker ended, it is started again");
  }

  #fromWorker(id: string, message: FromWorker): void {
    switch (message.type) {
      case "applying":
        this.distributor.workerApplying(id, message.number);
        break;
      case "awaiting":
        this.distributor.workerAwaiting(id);
        break;
      case "listening":
        this.#hasListened = true;
        this.#listen.resolve(message.port);
        if (message.number > 0) this.#start.resolve();
        if (this.#others !== undefined) {
          this.#others.cancel();
          this.#others = this.#deps.clock.timer(FIRST_ANSWERS_MS, () => this.#startOthers());
        }
        this.distributor.workerListening(id, message.number, message.routes);
        if (this.#phase === "draining") this.#workers.send(id, { type: "drain" });
        this.#endWithoutTable();
        break;
      case "applied":
        this.distributor.workerApplied(id, message);
        break;
      case "endpoints":
        this.#endpoints.set(id, message.endpoints);
        break;
      case "certificates":
        this.certificates.take(message.certificates);
        break;
      case "stats":
        this.#requests.answer(message.id, message.metrics);
        break;
      case "log":
        this.#logFrom(id, message);
        break;
      case "fatal":
        // Only a start can be refused: later the address was ours, and whatever holds it now may let go of it again.
        if (this.#hasListened)
          this.log.error({ worker: id, code: message.code, reason: message.message }, "worker cannot do what it was told");
        else this.fail(message.message);
        break;
    }
  }

  #fromControl(message: FromControl): void {
    switch (message.type) {
      case "generation":
        this.#controlProblem = undefined;
        this.distributor.offer(message.header, message.text);
        break;
      case "delta":
        this.distributor.offerDelta(message);
        break;
      case "pools":
        this.distributor.offerPools(message);
        break;
      case "status":
        this.#start.resolve();
        this.distributor.setKnowledge(message.status.knowledge);
        break;
      case "decided":
        this.#requests.answer(message.id, { problem: message.problem });
        break;
      case "apiAnswer":
        this.#requests.answer(message.id, message.answers);
        break;
      case "stats":
        this.#requests.answer(message.id, message.metrics);
        break;
      case "log":
        this.#logFrom("control", message);
        break;
      case "fatal":
        this.#controlProblem = message;
        this.#endWithoutTable();
        break;
    }
  }

  /** Bad input ends a router that has nothing to serve; one that booted from its snapshot serves on and tries again. */
  #endWithoutTable(): void {
    const problem = this.#controlProblem;
    if (problem === undefined || !this.#hasListened) return;
    if (this.workers.every(({ generation }) => generation === 0)) this.fail(problem.message);
    else this.log.error({ code: problem.code, reason: problem.message }, "control process cannot work");
  }

  #logFrom(process: string, { level, fields, message }: LogRecord): void {
    this.log[level]({ process, ...fields }, message);
  }

  #onTick(): void {
    this.#tick = this.#deps.clock.timer(TICK_MS, () => this.#onTick());
    if (this.options.tls !== undefined && this.#deps.clock.monoMs() - this.#ticketKeyMs >= TICKET_KEY_MS) {
      this.#ticketKey = randomBytes(TICKET_KEY_BYTES);
      this.#ticketKeyMs = this.#deps.clock.monoMs();
      this.#workers.tell({ type: "ticketKey", ticketKey: this.#ticketKey });
    }
    if (this.options.policy === "hold" && this.#control.silentForMs > this.options.staleAfterMs) this.distributor.setKnowledge("stale");
    for (const { id, pid } of this.#workers.killHung())
      this.log.error({ worker: id, pid }, "worker takes no update, it is killed and started again");
  }
}
