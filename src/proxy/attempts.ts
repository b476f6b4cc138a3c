import type { BreakerPermit, EndpointState, PickRequest } from "../balance/index.ts";
import type { Engine } from "./engine.ts";
import { type ProxyFailure, failures } from "./failure.ts";
import { plainAddress } from "./peer.ts";
import { writeProxyHeader } from "./proxy-header-writer.ts";
import type { ProxiedAddresses } from "./proxy-protocol.ts";
import type { RequestContext } from "./request-context.ts";
import { type LostAttempt, retryReasonOf } from "./retry.ts";
import type { Target } from "./target.ts";
import type { Upstream } from "./upstream.ts";

/** The endpoints one request is tried on, one after another; one object serves request after request. */
export class Attempts implements PickRequest {
  readonly #engine: Engine;
  readonly #context: RequestContext;
  readonly tried: EndpointState[] = [];
  /** The endpoint of the current attempt, or of the last one. */
  endpoint: EndpointState | undefined = undefined;
  /** How many there were. */
  count = 0;
  /** Whether the endpoint has this request in its number in flight. */
  #isCounted = false;
  #needsNewConnection = false;
  #lastFailure: ProxyFailure | undefined = undefined;
  #target: Target | undefined = undefined;
  /** What the breaker of the service wants to hear the end of. */
  #permit: BreakerPermit | undefined = undefined;
  /** Why `choose` found nothing. */
  failure: ProxyFailure = "PROXY_POOL_EMPTY";

  constructor(engine: Engine, context: RequestContext) {
    this.#engine = engine;
    this.#context = context;
  }

  get nowMs(): number {
    return this.#engine.deadlines.nowMs;
  }

  get hashKey(): string {
    return this.#target?.hashKey?.(this.#context) ?? this.#context.clientAddress;
  }

  reset(): void {
    if (this.tried.length > 0) this.tried.length = 0;
    this.endpoint = undefined;
    this.count = 0;
    this.#isCounted = false;
    this.#needsNewConnection = false;
    this.#lastFailure = undefined;
    this.#target = undefined;
    this.#permit = undefined;
  }

  /** Chooses an endpoint. False when there is none: `failure` says why. */
  choose(target: Target): boolean {
    const { pool, chooser, breaker } = target;
    if (breaker !== undefined && this.#permit === undefined) {
      this.#permit = breaker.admit(this.nowMs);
      if (this.#permit === undefined) {
        this.failure = "PROXY_BREAKER_OPEN";
        return false;
      }
    }
    this.#target = target;
    const endpoint = chooser?.pick(this);
    if (pool === undefined || endpoint === undefined) {
      if (this.#lastFailure !== undefined) this.#settle(true);
      this.failure =
        chooser?.miss === "busy" ? "PROXY_POOL_BUSY" : ((chooser?.miss === "tried" ? this.#lastFailure : undefined) ?? "PROXY_POOL_EMPTY");
      return false;
    }
    if (pool.isWithdrawn) this.#engine.metrics.withdrawnPicks.add();
    this.count++;
    this.endpoint = endpoint;
    this.#isCounted = true;
    endpoint.begin();
    return true;
  }

  /** Takes a connection to the endpoint that was chosen, which may have to be made first. */
  connect(): Upstream | undefined {
    const endpoint = this.endpoint;
    if (endpoint === undefined) return undefined;
    const { upstreams } = this.#engine;
    const proxyProtocol = this.#target?.proxyProtocol;
    if (proxyProtocol === undefined) return upstreams.acquire(endpoint, this.#needsNewConnection);
    return upstreams.announce(endpoint, writeProxyHeader(proxyProtocol, this.#clientAddresses()));
  }

  /** Who the client is believed to be, and where it arrived. */
  #clientAddresses(): ProxiedAddresses {
    const { peer, clientAddress } = this.#context;
    return {
      sourceAddress: clientAddress,
      // Of a client that a proxy in front speaks of, the port is not known.
      sourcePort: clientAddress === peer.address ? peer.addresses.sourcePort : 0,
      destinationAddress: plainAddress(peer.addresses.destinationAddress),
      destinationPort: peer.addresses.destinationPort,
    };
  }

  /** The endpoint has nothing to do with the request any more. Idempotent. */
  free(): void {
    if (!this.#isCounted || this.endpoint === undefined) return;
    this.#isCounted = false;
    this.endpoint.end();
  }

  /** The request comes to its end without a word on the endpoint: it is let go of, and so is the breaker. Idempotent. */
  abandon(): void {
    this.free();
    this.#settle(undefined);
  }

  /** The head of an answer is there. */
  answered(status: number): void {
    const endpoint = this.endpoint;
    if (endpoint === undefined) return;
    this.#judge(endpoint, isGatewayFailure(status));
    this.#attempted(endpoint, status >= 500);
    this.#settle(status >= 500);
  }

  /** The endpoint has the request and is not waited for any longer, or has said what can not be an answer. Nothing where it was let go of before. */
  failed(): void {
    const endpoint = this.endpoint;
    if (!this.#isCounted || endpoint === undefined) return;
    this.#judge(endpoint, true);
    this.#attempted(endpoint, true);
    this.#settle(true);
  }

  /** Draws the conclusions from a lost attempt. True when the request may be tried again. */
  lost(attempt: LostAttempt): boolean {
    const { metrics, options } = this.#engine;
    const endpoint = this.endpoint;
    this.#lastFailure = attempt.failure;
    if (endpoint !== undefined && failures[attempt.failure].isUpstream) this.#blame(endpoint, attempt);
    const reason = retryReasonOf(attempt);
    if (reason === undefined || this.count >= options.retry.attempts) {
      this.#settle(failures[attempt.failure].isUpstream ? true : undefined);
      return false;
    }
    // A refusal costs the endpoint next to nothing and is over at once; anything else is paid from the budget.
    if (attempt.failure !== "PROXY_CONNECT_REFUSED" && !this.#engine.budget.spend()) {
      metrics.retryBudgetEmpty.add();
      this.#settle(true);
      return false;
    }
    // A connection that died idle says nothing about its endpoint; any other failure does.
    if (reason === "reused") this.#needsNewConnection = true;
    // Nor does one that the endpoint is done with: the next one may well be to the same.
    else if (endpoint !== undefined && reason !== "refused") this.tried.push(endpoint);
    metrics.retry(reason);
    return true;
  }

  #blame(endpoint: EndpointState, attempt: LostAttempt): void {
    const { metrics, deadlines, options } = this.#engine;
    if (!attempt.wasSent) {
      if (endpoint.connectFailed(deadlines.nowMs, options.balancer.ejection)) metrics.ejections.connect.add();
    } else {
      const reason = retryReasonOf(attempt);
      if (reason === "reused" || reason === "refused") return;
      this.#judge(endpoint, true);
    }
    this.#attempted(endpoint, true);
  }

  /** Counts an answer for the endpoint, which may have it left alone. */
  #judge(endpoint: EndpointState, isBad: boolean): void {
    const { metrics, deadlines, options } = this.#engine;
    if (endpoint.answered(isBad, deadlines.nowMs, options.balancer.ejection)) metrics.ejections.outlier.add();
  }

  /** Tells the endpoint's breaker. */
  #attempted(endpoint: EndpointState, hasFailed: boolean): void {
    const breaker = this.#target?.breaker;
    if (breaker === undefined) return;
    const { deadlines, metrics, options } = this.#engine;
    if (breaker.attempted(endpoint, hasFailed, deadlines.nowMs, options.balancer.ejection)) metrics.ejections.breaker.add();
  }

  /** Tells the service's breaker, once. */
  #settle(hasFailed: boolean | undefined): void {
    const permit = this.#permit;
    if (permit === undefined) return;
    this.#permit = undefined;
    if (this.#target?.breaker?.settle(permit, hasFailed, this.nowMs) === true) this.#engine.metrics.breakersOpened.add();
  }
}

/** What an endpoint, or a proxy in front of it, says when it can not serve; another 5xx may be the fault of the one request. */
function isGatewayFailure(status: number): boolean {
  return status >= 502 && status <= 504;
}
