import type { EndpointState } from "../balance/index.ts";
import { type CompiledRoute, isLogWanted } from "../route/index.ts";
import type { WireFault } from "../wire/index.ts";
import type { Engine } from "./engine.ts";
import type { ProxyFailure } from "./failure.ts";
import type { RequestContext } from "./request-context.ts";

/** What is counted and logged of one exchange after another: opened and closed once for each. */
export class ExchangeRecord {
  readonly #engine: Engine;
  readonly #context: RequestContext;
  readonly #onFilterFailed = (): void => this.#engine.metrics.failure("PROXY_FILTER");
  #startedMs = 0;
  #sentMs = 0;
  /** What the client got; 0 as long as it got nothing. */
  status = 0;
  responseBytes = 0;
  failure: ProxyFailure | WireFault | "" = "";

  constructor(engine: Engine, context: RequestContext) {
    this.#engine = engine;
    this.#context = context;
  }

  open(): void {
    this.status = 0;
    this.responseBytes = 0;
    this.failure = "";
    this.#startedMs = this.#engine.deadlines.refresh();
    this.#engine.metrics.inFlight.add();
  }

  /** The request head goes to an endpoint. */
  sent(): void {
    this.#sentMs = this.#engine.deadlines.refresh();
  }

  /** The response head is there. */
  answered(): void {
    this.#engine.metrics.upstreamSeconds.observe((this.#engine.deadlines.refresh() - this.#sentMs) / 1000);
  }

  close(status: number, route: CompiledRoute | undefined, endpoint: EndpointState | undefined): void {
    const { metrics, deadlines, accessLog, logEntry: entry } = this.#engine;
    const durationMs = deadlines.refresh() - this.#startedMs;
    metrics.inFlight.add(-1);
    metrics.request(status, durationMs / 1000, route);
    if (accessLog !== undefined && this.#isLogWanted(status)) {
      entry.status = status;
      entry.durationMs = durationMs;
      entry.responseBytes = this.responseBytes;
      entry.routeId = route?.id ?? "";
      entry.endpoint = endpoint?.authority ?? "";
      entry.failure = this.failure;
      this.#context.describe(entry);
      accessLog.add(entry);
    }
    this.#context.responseStatus = status;
    this.#context.endExchange(this.#onFilterFailed);
  }

  #isLogWanted(status: number): boolean {
    const wish = this.#context.wishesSet?.accessLog;
    return wish === undefined || isLogWanted(wish, status);
  }
}
