import { ServiceBreaker } from "../balance/index.ts";
import type { Clock } from "../kernel/index.ts";
import type { BreakerSettings } from "../route/index.ts";

/** The breakers of services, which outlive every table: routes of one service that want the same share one. */
export class Breakers {
  readonly #clock: Clock;
  readonly #breakers = new Map<string, { readonly breaker: ServiceBreaker; readonly idleTtlMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  of(service: string, settings: BreakerSettings): ServiceBreaker {
    const { failures, window, timeoutMs, halfOpenRequests, idleTtlMs } = settings;
    const key = [service, failures, window, timeoutMs, halfOpenRequests].join(" ");
    const known = this.#breakers.get(key);
    if (known !== undefined && this.#clock.monoMs() - known.breaker.usedMs < known.idleTtlMs) return known.breaker;
    const breaker = new ServiceBreaker(settings);
    this.#breakers.set(key, { breaker, idleTtlMs });
    return breaker;
  }

  /** Forgets those without a request for their time. */
  sweep(): void {
    const nowMs = this.#clock.monoMs();
    for (const [key, { breaker, idleTtlMs }] of this.#breakers) if (nowMs - breaker.usedMs >= idleTtlMs) this.#breakers.delete(key);
  }

  /** How many do not let everything through. */
  get open(): number {
    let count = 0;
    for (const { breaker } of this.#breakers.values()) if (breaker.isOpen) count++;
    return count;
  }
}
