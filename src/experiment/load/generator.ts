import type { Clock, Random, Timer } from "../../kernel/index.ts";
import { type ConnectionOwner, type Endpoint, LoadConnection } from "./client/connection.ts";
import { Failure } from "./client/failure-class.ts";
import { type PreparedRequest, prepareRequests, turnsOf } from "./client/request-bytes.ts";
import { Arrivals } from "./plan/arrivals.ts";
import type { LoadPlan } from "./plan/load-plan.ts";
import { LoadRecord } from "./record/load-record.ts";
import type { SecondResult } from "./record/load-result.ts";
import { WaitingRequests } from "./waiting-requests.ts";

export interface GeneratorDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** Of each target of the plan, where it is; names were looked up before. */
  readonly addresses: readonly string[];
}

/** Idle connections are given up before an ALB does (60 s), so that no request meets its end. */
const IDLE_LIMIT_MS = 30_000;
/** So near to the next request the loop goes round without sleeping: timers are only good to a millisecond or two. */
const SPIN_MS = 2;
/** Rates from which on it does: below, the processor is better left to what is being tested. */
const SPIN_RATE_PER_SECOND = 1000;
/** Of what is overdue, so many are sent before answers are looked at again. */
const BURST = 256;
const SWEEP_MS = 5;

/**
 * Sends requests when they are due, however slowly they are answered, as users do (an open loop). Times count from the moment a request was
 * due, so that a stall shows in full: no coordinated omission. Every request that was due is in the accounts, also one that could not be sent.
 *
 * No promise, closure or timer per request: time-outs stand in the order of sending, and what is due is worked out as time goes by.
 */
export class LoadGenerator implements ConnectionOwner {
  readonly #plan: LoadPlan;
  readonly #deps: GeneratorDeps;
  readonly #prepared: readonly PreparedRequest[];
  readonly #turns: Uint16Array;
  readonly #arrivals: Arrivals;
  /** Idle connections by request; requests that go to the same place share them. */
  readonly #idle: readonly LoadConnection[][];
  readonly #pools: readonly LoadConnection[][];
  readonly #endpoints: readonly Endpoint[];
  readonly #waiting: WaitingRequests;
  readonly #isSpinning: boolean;
  #record: LoadRecord | undefined;
  #startedMs = 0;
  #turn = 0;
  #replayed = 0;
  #nextMs = -1;
  #nextWhich = 0;
  #busyHead: LoadConnection | undefined;
  #busyTail: LoadConnection | undefined;
  #connections = 0;
  #sweptMs = 0;
  #timer: Timer | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #isStopping = false;
  #isOver = false;
  #ended: (() => void) | undefined;

  constructor(plan: LoadPlan, deps: GeneratorDeps) {
    this.#plan = plan;
    this.#deps = deps;
    this.#prepared = prepareRequests(plan);
    this.#turns = turnsOf(plan.requests);
    this.#arrivals = new Arrivals(plan.segments, plan.arrival === "poisson" ? deps.random : undefined);
    this.#endpoints = this.#prepared.map((request) => endpointOf(plan, request, deps.addresses));
    this.#idle = poolPerEndpoint(this.#endpoints);
    this.#pools = [...new Set(this.#idle)];
    this.#waiting = new WaitingRequests();
    const fastest = plan.segments.reduce((most, { fromPerSecond, toPerSecond }) => Math.max(most, fromPerSecond, toPerSecond), 0);
    this.#isSpinning = fastest >= SPIN_RATE_PER_SECOND;
  }

  /** Undefined before {@link LoadGenerator.run}. */
  get record(): LoadRecord | undefined {
    return this.#record;
  }

  /** Seconds of which all is known; each is given once. */
  takeSettled(): readonly SecondResult[] {
    const nowMs = this.#deps.clock.monoMs();
    return this.#record?.takeSettled(this.#nextMs < 0 ? nowMs : Math.min(nowMs, this.#nextMs), this.#isOver) ?? [];
  }

  /** Resolves when all requests were due and all that became of them is known. */
  run(): Promise<LoadRecord> {
    const { clock } = this.#deps;
    this.#startedMs = clock.monoMs();
    const record = new LoadRecord(this.#startedMs, clock.wallMs());
    this.#record = record;
    this.#advance();
    return new Promise((resolve) => {
      this.#ended = () => resolve(record);
      this.#tick();
    });
  }

  /** Sends nothing more; what is under way is waited for. */
  stop(): void {
    this.#isStopping = true;
    this.#nextMs = -1;
    this.#wake();
  }

  /** What is under way is not waited for any more: it counts as timed out. */
  abandon(): void {
    this.stop();
    const nowMs = this.#deps.clock.monoMs();
    while (this.#busyHead !== undefined) this.#busyHead.timeOut();
    while (this.#waiting.length > 0) this.#giveUp(nowMs);
  }

  answered(connection: LoadConnection, failure: number): void {
    this.#unlink(connection);
    const record = this.#record;
    const prepared = this.#prepared[connection.which];
    if (record === undefined || prepared === undefined) return;
    if (this.#mayResend(connection, prepared, failure)) {
      this.#connections--;
      record.resent++;
      this.#send(this.#open(connection.which), connection.which, connection.intendedMs, connection.sentMs, true);
      return;
    }
    const nowMs = this.#deps.clock.monoMs();
    record.finished(connection.intendedMs, connection.sentMs, nowMs, failure, connection.status);
    record.bytesReceived += connection.receivedBytes;
    if (connection.isReusable) this.#release(connection, nowMs);
    else {
      this.#connections--;
      this.#sendWaiting(nowMs);
    }
    if (this.#nextMs < 0 && record.unfinished === 0) this.#wake();
  }

  ended(connection: LoadConnection): void {
    const idle = this.#idle[connection.which] ?? [];
    const at = idle.indexOf(connection);
    if (at < 0) return;
    idle.splice(at, 1);
    this.#connections--;
  }

  #tick(): void {
    this.#timer = undefined;
    this.#immediate = undefined;
    const { clock } = this.#deps;
    let nowMs = clock.monoMs();
    for (let burst = 0; this.#nextMs >= 0 && this.#nextMs <= nowMs && burst < BURST; burst++) {
      this.#start(this.#nextMs, nowMs);
      this.#advance();
      nowMs = clock.monoMs();
    }
    if (nowMs - this.#sweptMs >= SWEEP_MS) this.#sweep(nowMs);
    if (this.#nextMs < 0 && this.#record?.unfinished === 0) {
      this.#end();
      return;
    }
    this.#schedule(nowMs);
  }

  #schedule(nowMs: number): void {
    const waitMs = this.#nextMs < 0 ? SWEEP_MS : this.#nextMs - nowMs;
    if (waitMs <= 0 || (this.#isSpinning && waitMs <= SPIN_MS)) {
      this.#immediate = setImmediate(() => this.#tick());
      return;
    }
    const timerMs = Math.min(SWEEP_MS, this.#isSpinning ? waitMs - SPIN_MS + 1 : waitMs);
    // By way of the check phase: what came in meanwhile, the end of an idle connection among it, is seen before anything is sent.
    this.#timer = this.#deps.clock.timer(timerMs, () => {
      this.#immediate = setImmediate(() => this.#tick());
    });
  }

  #wake(): void {
    if (this.#record === undefined || this.#immediate !== undefined) return;
    this.#timer?.cancel();
    this.#immediate = setImmediate(() => this.#tick());
  }

  #end(): void {
    for (const idle of this.#pools) for (const connection of idle.splice(0)) connection.close();
    this.#connections = 0;
    this.#isOver = true;
    this.#ended?.();
  }

  /** Works out what is due next. */
  #advance(): void {
    if (this.#isStopping) {
      this.#nextMs = -1;
      return;
    }
    const { replay, targets } = this.#plan;
    const turn = this.#turn++;
    let request: number;
    if (replay === undefined) {
      const afterMs = this.#arrivals.next();
      this.#nextMs = afterMs < 0 ? -1 : this.#startedMs + afterMs;
      request = this.#turns[turn % this.#turns.length] ?? 0;
    } else {
      const recorded = replay[this.#replayed++];
      this.#nextMs = recorded === undefined ? -1 : this.#startedMs + recorded.atMs;
      request = recorded?.request ?? 0;
    }
    // Shifted each time round, so that each request goes to each target.
    this.#nextWhich = request * targets.length + ((turn + Math.floor(turn / this.#turns.length)) % targets.length);
  }

  #start(intendedMs: number, nowMs: number): void {
    this.#record?.due(intendedMs, nowMs);
    const which = this.#nextWhich;
    const connection = this.#idle[which]?.pop() ?? this.#openWithin(which);
    if (connection === undefined) this.#waiting.push(intendedMs, which);
    else this.#send(connection, which, intendedMs, nowMs, false);
  }

  #openWithin(which: number): LoadConnection | undefined {
    if (this.#connections < this.#plan.connections) return this.#open(which);
    // Another target's idle connection makes room.
    for (const idle of this.#pools) {
      const unused = idle.shift();
      if (unused === undefined) continue;
      unused.close();
      this.#connections--;
      return this.#open(which);
    }
    return undefined;
  }

  #open(which: number): LoadConnection {
    const endpoint = this.#endpoints[which];
    if (endpoint === undefined) throw new Error(`request ${which} has no endpoint`);
    this.#connections++;
    if (this.#record !== undefined) this.#record.connections++;
    return new LoadConnection(endpoint, this.#plan.tls, this);
  }

  #send(connection: LoadConnection, which: number, intendedMs: number, sentMs: number, isResent: boolean): void {
    const prepared = this.#prepared[which];
    if (prepared === undefined) return;
    connection.which = which;
    connection.intendedMs = intendedMs;
    connection.sentMs = sentMs;
    connection.isResent = isResent;
    connection.previous = this.#busyTail;
    connection.following = undefined;
    if (this.#busyTail === undefined) this.#busyHead = connection;
    else this.#busyTail.following = connection;
    this.#busyTail = connection;
    connection.send(prepared);
  }

  #release(connection: LoadConnection, nowMs: number): void {
    connection.idleSinceMs = nowMs;
    (this.#idle[connection.which] ?? []).push(connection);
    this.#sendWaiting(nowMs);
  }

  #sendWaiting(nowMs: number): void {
    if (this.#waiting.length === 0) return;
    const { which, intendedMs } = this.#waiting.first();
    const connection = this.#idle[which]?.pop() ?? this.#openWithin(which);
    if (connection === undefined) return;
    this.#waiting.shift();
    this.#send(connection, which, intendedMs, nowMs, false);
  }

  #mayResend(connection: LoadConnection, prepared: PreparedRequest, failure: number): boolean {
    return (
      failure === Failure["headers-cut"] &&
      this.#plan.resend &&
      prepared.isSafe &&
      !connection.isResent &&
      connection.served > 1 &&
      !connection.hasAnswerBegun
    );
  }

  #sweep(nowMs: number): void {
    this.#sweptMs = nowMs;
    const { timeoutMs } = this.#plan;
    while (this.#busyHead !== undefined && nowMs - this.#busyHead.sentMs >= timeoutMs) this.#busyHead.timeOut();
    while (this.#waiting.length > 0 && nowMs - this.#waiting.first().intendedMs >= timeoutMs) this.#giveUp(nowMs);
    for (const idle of this.#pools) {
      const oldest = idle[0];
      if (oldest === undefined || nowMs - oldest.idleSinceMs < IDLE_LIMIT_MS) continue;
      idle.shift();
      oldest.close();
      this.#connections--;
    }
  }

  /** The one that has waited longest for a connection gets none. */
  #giveUp(nowMs: number): void {
    const { intendedMs } = this.#waiting.first();
    this.#waiting.shift();
    this.#record?.finished(intendedMs, intendedMs, nowMs, Failure["not-sent"], 0);
  }

  #unlink(connection: LoadConnection): void {
    const { previous, following } = connection;
    if (previous === undefined) this.#busyHead = following;
    else previous.following = following;
    if (following === undefined) this.#busyTail = previous;
    else following.previous = previous;
    connection.previous = undefined;
    connection.following = undefined;
  }
}

function poolPerEndpoint(endpoints: readonly Endpoint[]): LoadConnection[][] {
  const pools = new Map<string, LoadConnection[]>();
  return endpoints.map(({ address, port, serverName }) => {
    const key = `${address} ${port} ${serverName ?? ""}`;
    const pool = pools.get(key) ?? [];
    pools.set(key, pool);
    return pool;
  });
}

function endpointOf({ targets }: LoadPlan, { target, serverName }: PreparedRequest, addresses: readonly string[]): Endpoint {
  const url = targets[target];
  const address = addresses[target];
  if (url === undefined || address === undefined) throw new Error(`target ${target} has no address`);
  const isTls = url.protocol === "https:";
  return { address, port: Number(url.port || (isTls ? 443 : 80)), isTls, serverName };
}
