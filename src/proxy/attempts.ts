import type { EndpointState, PickRequest } from "../balance/index.ts";
import type { Engine } from "./engine.ts";
import { type ProxyFailure, failures } from "./failure.ts";
import type { RequestContext } from "./request-context.ts";
import { type LostAttempt, retryReasonOf } from "./retry.ts";
import type { Target } from "./routing-state.ts";
import type { Upstream } from "./upstream.ts";

/** The endpoints one request is tried on, one after another; one object serves request after request. */
export class Attempts implements PickRequest {
  readonly #engine: Engine;
  readonly #context: RequestContext;
  readonly tried: EndpointState[] = [];
  /** The endpoint of the current attempt, or of the last one. */
  endpoint: EndpointState | undefined = undefined;
  #count = 0;
  /** Whether the endpoint has this request in its number in flight. */
  #isCounted = false;
  #needsNewConnection = false;
  #lastFailure: ProxyFailure | undefined = undefined;
  /** Why `next` found nothing. */
  failure: ProxyFailure = "PROXY_POOL_EMPTY";

  constructor(engine: Engine, context: RequestContext) {
    this.#engine = engine;
    this.#context = context;
  }

  get nowMs(): number {
    return this.#engine.deadlines.nowMs;
  }

  get hashKey(): string {
    return this.#context.clientAddress;
  }

  reset(): void {
    if (this.tried.length > 0) this.tried.length = 0;
    this.endpoint = undefined;
    this.#count = 0;
    this.#isCounted = false;
    this.#needsNewConnection = false;
    this.#lastFailure = undefined;
  }

  /** Chooses an endpoint and takes a connection to it, which may have to be made first. Undefined when there is none: `failure` says why. */
  next(target: Target): Upstream | undefined {
    const pool = target.pool;
    const endpoint = pool?.pick(target.algorithm, this);
    if (pool === undefined || endpoint === undefined) {
      this.failure =
        pool?.miss === "busy" ? "PROXY_POOL_BUSY" : ((pool?.miss === "tried" ? this.#lastFailure : undefined) ?? "PROXY_POOL_EMPTY");
      return undefined;
    }
    if (pool.isWithdrawn) this.#engine.metrics.withdrawnPicks.add();
    this.#count++;
    this.endpoint = endpoint;
    this.#isCounted = true;
    endpoint.inFlight++;
    const idle = this.#needsNewConnection ? undefined : this.#engine.upstreams.take(endpoint);
    return idle ?? this.#engine.upstreams.open(endpoint);
  }

  /** The endpoint has nothing to do with the request any more. Idempotent. */
  free(): void {
    if (!this.#isCounted || this.endpoint === undefined) return;
    this.#isCounted = false;
    this.endpoint.inFlight--;
  }

  /** Draws the conclusions from a lost attempt. True when the request may be tried again. */
  lost(attempt: LostAttempt): boolean {
    const { metrics, deadlines, options } = this.#engine;
    const endpoint = this.endpoint;
    this.#lastFailure = attempt.failure;
    if (
      !attempt.wasSent &&
      failures[attempt.failure].isUpstream &&
      endpoint?.connectFailed(deadlines.nowMs, options.balancer.ejection) === true
    ) {
      metrics.ejections.add();
    }
    const reason = retryReasonOf(attempt);
    if (reason === undefined || this.#count >= options.retry.attempts) return false;
    // A refusal costs the endpoint next to nothing and is over at once; anything else is paid from the budget.
    if (attempt.failure !== "PROXY_CONNECT_REFUSED" && !this.#engine.budget.spend()) {
      metrics.retryBudgetEmpty.add();
      return false;
    }
    // A connection that died idle says nothing about its endpoint; any other failure does.
    if (reason === "reused") this.#needsNewConnection = true;
    else if (endpoint !== undefined) this.tried.push(endpoint);
    metrics.retry(reason);
    return true;
  }
}
