import { type CompiledRoute, isLogWanted } from "../route/index.ts";
import type { MessageHead, WireFault } from "../wire/index.ts";
import type { AccessLogEntry } from "./access-log-line.ts";
import type { Attempts } from "./attempts.ts";
import type { Engine } from "./engine.ts";
import { ExchangeTrace } from "./exchange-trace.ts";
import type { ProxyFailure } from "./failure.ts";
import type { RequestContext } from "./request-context.ts";

/** What is counted and logged of one exchange after another: opened and closed once for each. */
export class ExchangeRecord {
  readonly #engine: Engine;
  readonly #context: RequestContext;
  /** Undefined where nothing is traced. */
  readonly trace: ExchangeTrace | undefined;
  readonly #onFilterFailed = (): void => this.#engine.metrics.failure("PROXY_FILTER");
  #startedMs = 0;
  /** When it came to the next phase, -1 as long as it did not. */
  #chosenMs = -1;
  #sentMs = -1;
  #answeredMs = -1;
  #wholeMs = -1;
  /** What the client got; 0 as long as it got nothing. */
  status = 0;
  requestBytes = 0;
  responseBytes = 0;
  failure: ProxyFailure | WireFault | "" = "";

  constructor(engine: Engine, context: RequestContext, head: MessageHead) {
    this.#engine = engine;
    this.#context = context;
    this.trace = engine.traces === undefined ? undefined : new ExchangeTrace(engine, engine.traces, context, head);
  }

  /** `isWhole`: the request has no body. */
  open(isWhole: boolean): void {
    this.status = 0;
    this.requestBytes = 0;
    this.responseBytes = 0;
    this.failure = "";
    this.#startedMs = this.#engine.deadlines.refresh();
    this.#chosenMs = -1;
    this.#sentMs = -1;
    this.#answeredMs = -1;
    this.#wholeMs = isWhole ? this.#startedMs : -1;
    this.#engine.metrics.inFlight.add();
  }

  /** The client has sent all of the request's body. */
  whole(): void {
    this.#wholeMs = this.#engine.deadlines.refresh();
  }

  /** A connection to the endpoint that was chosen is waited for. */
  connecting(): void {
    this.#sentMs = -1;
    if (this.#chosenMs < 0) this.#chosenMs = this.#engine.deadlines.refresh();
  }

  /** The request head goes to an endpoint. */
  sent(): void {
    const nowMs = this.#engine.deadlines.refresh();
    this.#sentMs = nowMs;
    if (this.#chosenMs < 0) this.#chosenMs = nowMs;
  }

  /** The response head is there. */
  answered(status: number): void {
    const nowMs = this.#engine.deadlines.refresh();
    this.#answeredMs = nowMs;
    this.trace?.answered(status);
    this.#engine.metrics.upstreamSeconds.observe((nowMs - this.#sentMs) / 1000);
  }

  close(status: number, route: CompiledRoute | undefined, { endpoint, count }: Pick<Attempts, "endpoint" | "count">): void {
    const { metrics, deadlines, accessLog } = this.#engine;
    const endedMs = deadlines.refresh();
    metrics.inFlight.add(-1);
    const seconds = (endedMs - this.#startedMs) / 1000;
    metrics.request(status, seconds, route);
    const traceId = this.trace?.traceId ?? "";
    if (traceId !== "") metrics.durationSeconds.exemplify({ traceId, value: seconds, atMs: this.#engine.clock.wallMs() });
    if (accessLog !== undefined && this.#isLogWanted(status)) {
      const entry = this.#engine.logEntry;
      entry.status = status;
      entry.requestBytes = this.requestBytes;
      entry.responseBytes = this.responseBytes;
      entry.routeId = route?.id ?? "";
      entry.endpoint = endpoint?.authority ?? "";
      entry.attempts = count;
      entry.failure = this.failure;
      entry.traceId = traceId;
      this.#describePhases(entry, endedMs);
      this.#context.describe(entry);
      accessLog.tell(entry);
    }
    this.trace?.end(status, route, this.failure);
    this.#context.responseStatus = status;
    this.#context.endExchange(this.#onFilterFailed);
  }

  #describePhases(entry: AccessLogEntry, endedMs: number): void {
    const startedMs = this.#startedMs;
    const chosenMs = this.#chosenMs < 0 ? endedMs : this.#chosenMs;
    const sentMs = this.#sentMs < 0 ? endedMs : this.#sentMs;
    const answeredMs = this.#answeredMs < 0 ? endedMs : this.#answeredMs;
    entry.durationMs = endedMs - startedMs;
    entry.startedMs = this.#engine.clock.wallMs() - entry.durationMs;
    entry.filterMs = chosenMs - startedMs;
    entry.connectMs = this.#chosenMs < 0 ? undefined : sentMs - chosenMs;
    entry.responseMs = this.#sentMs < 0 ? undefined : answeredMs - sentMs;
    entry.transferMs = this.#answeredMs < 0 ? undefined : endedMs - answeredMs;
    entry.requestMs = this.#wholeMs < 0 ? undefined : this.#wholeMs - startedMs;
  }

  #isLogWanted(status: number): boolean {
    const wish = this.#context.wishesSet?.accessLog;
    return wish === undefined ? this.#engine.options.accessLog.isByDefault : isLogWanted(wish, status);
  }
}
