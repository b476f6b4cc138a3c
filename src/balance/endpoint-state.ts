import type { LookupFunction } from "node:net";
import { type EjectionOptions, ejectionMs } from "./ejection.ts";

/** Grows whenever an endpoint becomes one to be left alone, or stops being one: what was worked out from that is then old. */
export class HealthVersion {
  value = 0;
}

/** Hears of each request that an endpoint gets or is done with. */
export interface LoadWatcher {
  loadChanged(endpoint: EndpointState, change: 1 | -1): void;
}

/** What is known of one address, whatever pools and routes it is in; it outlives every update that still names it. */
export class EndpointState {
  /** `http://10.2.3.4:8080`, as it is written in pools. */
  readonly address: string;
  /** Host without brackets, for connecting. */
  readonly host: string;
  readonly port: number;
  /** Host and port as a Host field names them. */
  readonly authority: string;
  /** Whether it is spoken to over TLS. */
  readonly isTls: boolean;
  /** Whether it is spoken to in HTTP/2, as `h2` (over TLS) and `h2c` ask for. */
  readonly isHttp2: boolean;
  /** Monotonic time at which it became known. */
  readonly knownSinceMs: number;
  readonly #version: HealthVersion;
  #watchers: LoadWatcher[] | undefined = undefined;
  #inFlight = 0;
  /** Connect failures since the last connection that was made. */
  consecutiveFailures = 0;
  /** Connect failures since it is known. */
  failures = 0;
  #failedChecks = 0;
  #badAnswersInARow = 0;
  #windowEndMs = 0;
  #answers = 0;
  #badAnswers = 0;
  #answersBefore = 0;
  #badAnswersBefore = 0;
  #outlierTimes = 0;
  /** How many pools of its balancer name it. */
  pools = 0;
  /** Connections to it begin with a PROXY header: what begins otherwise says nothing about it. */
  takesHeader = false;
  /** It came to be by a request, not by a route. */
  isDynamic = false;
  /** How its name is looked up; undefined: as the system does. */
  lookup: LookupFunction | undefined = undefined;
  /** No pool names it any more: nothing new is sent to it. */
  isRemoved = false;
  /** Monotonic time until which it is left alone because it can not be connected to; 0 for none. */
  unreachableUntilMs = 0;
  /** Monotonic time until which it is left alone because of its answers; 0 for none. */
  outlierUntilMs = 0;
  /** It was left alone and has not answered well since: one request at a time is tried on it. */
  isOnTrial = false;

  constructor(address: string, host: string, port: number, version: HealthVersion, knownSinceMs: number) {
    this.address = address;
    this.host = host;
    this.port = port;
    this.isTls = address.startsWith("https:") || address.startsWith("h2:");
    this.isHttp2 = address.startsWith("h2");
    this.authority = address.slice(address.indexOf("//") + 2);
    this.#version = version;
    this.knownSinceMs = knownSinceMs;
  }

  /** Requests sent to it and not yet answered in full. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** A request goes to it. */
  begin(): void {
    this.#inFlight++;
    if (this.#watchers !== undefined) this.#tell(1);
  }

  /** It is done with a request. */
  end(): void {
    this.#inFlight--;
    if (this.#watchers !== undefined) this.#tell(-1);
  }

  watch(watcher: LoadWatcher): void {
    this.#watchers = [...(this.#watchers ?? []), watcher];
  }

  unwatch(watcher: LoadWatcher): void {
    const left = this.#watchers?.filter((other) => other !== watcher);
    this.#watchers = left?.length === 0 ? undefined : left;
  }

  /** Counts a failure to connect. True when it ejected the endpoint. */
  connectFailed(nowMs: number, ejection: EjectionOptions): boolean {
    this.failures++;
    this.consecutiveFailures++;
    const over = this.consecutiveFailures - ejection.failures;
    // Failures of connections that were on their way when it was ejected say nothing new.
    if (over < 0 || nowMs < this.unreachableUntilMs) return false;
    this.unreachableUntilMs = nowMs + ejectionMs(over, ejection);
    this.#leftAlone();
    return true;
  }

  connected(): void {
    this.consecutiveFailures = 0;
    this.#failedChecks = 0;
    if (this.#outlierTimes === 0) this.isOnTrial = false;
    if (this.unreachableUntilMs !== 0) this.#reachable();
  }

  /** Draws the conclusion from a check: after `failures` in a row that failed it is left alone for `forMs`. True when this one ejected it. */
  checked(hasConnected: boolean, nowMs: number, failures: number, forMs: number): boolean {
    if (hasConnected) {
      this.connected();
      return false;
    }
    this.#failedChecks++;
    if (this.#failedChecks < failures) return false;
    const isNew = nowMs >= this.unreachableUntilMs;
    this.unreachableUntilMs = Math.max(this.unreachableUntilMs, nowMs + forMs);
    this.#leftAlone();
    return isNew;
  }

  /** Nobody checks any more: what checks alone found does not count, as nobody would find out that it is over. */
  forgetChecks(): void {
    if (this.#failedChecks === 0) return;
    this.#failedChecks = 0;
    if (this.unreachableUntilMs !== 0) this.#reachable();
  }

  /** Whether checks found that it can not be connected to. */
  get isFailingChecks(): boolean {
    return this.#failedChecks > 0;
  }

  /**
   * Counts an answer, or that there was none to a request that was sent. `isBad`: the endpoint, not the request, was the cause. True
   * when it ejected the endpoint.
   */
  answered(isBad: boolean, nowMs: number, ejection: EjectionOptions): boolean {
    if (nowMs >= this.#windowEndMs) this.#roll(nowMs, ejection.windowMs);
    this.#answers++;
    if (!isBad) {
      this.#badAnswersInARow = 0;
      this.isOnTrial = false;
      return false;
    }
    this.#badAnswers++;
    this.#badAnswersInARow++;
    // Answers to requests that were on their way when it was ejected say nothing new.
    if (nowMs < this.outlierUntilMs || !(this.isOnTrial || this.#isOutlier(ejection))) return false;
    this.eject(nowMs, ejection);
    return true;
  }

  /** Leaves it alone because of its answers: each time in a row twice as long. `forMs`: for exactly so long instead. */
  eject(nowMs: number, ejection: EjectionOptions, forMs?: number): void {
    // Long enough ago to have nothing to do with the time before.
    if (nowMs - this.outlierUntilMs > ejection.maxMs) this.#outlierTimes = 0;
    this.outlierUntilMs = nowMs + (forMs ?? ejectionMs(this.#outlierTimes, ejection));
    this.#outlierTimes++;
    this.#badAnswersInARow = 0;
    this.#windowEndMs = 0;
    this.#leftAlone();
  }

  /** Part of its answers that were bad of late, 0 to 1. */
  badShare(nowMs: number, windowMs: number): number {
    if (nowMs >= this.#windowEndMs) this.#roll(nowMs, windowMs);
    const answers = this.#answers + this.#answersBefore;
    return answers === 0 ? 0 : (this.#badAnswers + this.#badAnswersBefore) / answers;
  }

  #isOutlier({ answers, answerShare, answerCount }: EjectionOptions): boolean {
    if (this.#badAnswersInARow >= answers) return true;
    const count = this.#answers + this.#answersBefore;
    return count >= answerCount && this.#badAnswers + this.#badAnswersBefore >= count * answerShare;
  }

  #roll(nowMs: number, windowMs: number): void {
    const isNext = nowMs - this.#windowEndMs < windowMs;
    this.#answersBefore = isNext ? this.#answers : 0;
    this.#badAnswersBefore = isNext ? this.#badAnswers : 0;
    this.#answers = 0;
    this.#badAnswers = 0;
    this.#windowEndMs = nowMs + windowMs;
  }

  #leftAlone(): void {
    this.isOnTrial = true;
    this.#version.value++;
  }

  #reachable(): void {
    this.unreachableUntilMs = 0;
    this.#version.value++;
  }

  #tell(change: 1 | -1): void {
    const watchers = this.#watchers as LoadWatcher[];
    for (let at = 0; at < watchers.length; at++) (watchers[at] as LoadWatcher).loadChanged(this, change);
  }
}

const ADDRESS = /^(?:https?|h2c?):\/\/(?:([A-Za-z0-9._~-]{1,255})|\[([0-9A-Fa-f:.]{2,45})\])(?::(\d{1,5}))?\/?$/;

/** Reads `http://host:port`, or with `https`, `h2` or `h2c` (port 443 over TLS, else 80 when left out). Undefined for what can not be served: another scheme, a path, a bad port. */
export function parseEndpointAddress(address: string, version = new HealthVersion(), knownSinceMs = 0): EndpointState | undefined {
  const match = ADDRESS.exec(address);
  if (match === null) return undefined;
  const host = match[1] ?? match[2] ?? "";
  const port = match[3] === undefined ? (/^(?:https|h2):/.test(address) ? 443 : 80) : Number(match[3]);
  if (port < 1 || port > 65_535) return undefined;
  return new EndpointState(address.endsWith("/") ? address.slice(0, -1) : address, host, port, version, knownSinceMs);
}
