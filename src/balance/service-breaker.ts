import { Breaker, type BreakerOptions, type BreakerPermit } from "./breaker.ts";
import type { EjectionOptions } from "./ejection.ts";
import type { EndpointState } from "./endpoint-state.ts";

/**
 * The breakers of one service: one for all of it, whose refusal is the request's end, and one for each endpoint, which has the endpoint
 * left alone. One bad endpoint among good ones opens its own; only when all together fail does the service's open.
 */
export class ServiceBreaker {
  readonly #options: BreakerOptions;
  readonly #service: Breaker;
  readonly #endpoints = new WeakMap<EndpointState, Breaker>();

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#service = new Breaker(options);
  }

  /** Monotonic time of the last request. */
  get usedMs(): number {
    return this.#service.usedMs;
  }

  get isOpen(): boolean {
    return this.#service.isOpen;
  }

  admit(nowMs: number): BreakerPermit | undefined {
    return this.#service.admit(nowMs);
  }

  /** Settles a request that `admit` let through. True when it opened the service's breaker. */
  settle(permit: BreakerPermit, hasFailed: boolean | undefined, nowMs: number): boolean {
    return this.#service.settle(permit, hasFailed, nowMs);
  }

  /** One attempt on an endpoint came to its end. True when it opened the endpoint's breaker, and the endpoint is left alone now. */
  attempted(endpoint: EndpointState, hasFailed: boolean, nowMs: number, ejection: EjectionOptions): boolean {
    let breaker = this.#endpoints.get(endpoint);
    if (breaker === undefined) {
      if (!hasFailed) return false;
      breaker = new Breaker(this.#options);
      this.#endpoints.set(endpoint, breaker);
    }
    // Open, and tried all the same: all others were worse. That counts for nothing.
    const permit = breaker.admit(nowMs);
    if (permit === undefined || !breaker.settle(permit, hasFailed, nowMs)) return false;
    endpoint.eject(nowMs, ejection, this.#options.timeoutMs);
    return true;
  }
}
