import type { Clock } from "../kernel/index.ts";
import type { EjectionOptions } from "./ejection.ts";
import type { EndpointState, HealthVersion } from "./endpoint-state.ts";
import { type Fade, fadeWeight } from "./fade.ts";
import type { PoolShared } from "./pool-shared.ts";
import { zoneWeight } from "./zone.ts";

/** The endpoints of a pool's tier in use, with what is known of each beside its state. */
export interface Tier {
  readonly endpoints: readonly EndpointState[];
  /** Zone of the endpoint of the same index. */
  readonly zones: readonly (string | undefined)[];
  /** Another number after each update of the pool. */
  readonly revision: number;
}

/** What decides about weights. */
export interface Weighing {
  readonly fade: Fade | undefined;
  /** The zone that is preferred; undefined for none. */
  readonly zone: string | undefined;
  /** Whether an endpoint gets less the more of its answers are bad. */
  readonly byHealth: boolean;
}

/** How long weights that follow bad answers are used before they are worked out anew. */
const HEALTH_MS = 500;
/** So many steps a fade is done in, none shorter than this. */
const FADE_STEPS = 100;
const FADE_STEP_MS = 50;
/** An endpoint whose answers are all bad still gets this much of its share, else nobody would find out that it is well again. */
const LEAST_HEALTH = 0.1;

/**
 * Who of a tier may be chosen now, and with what weight. Worked out when something has changed (an update, an ejection or its end, a
 * step of a fade), so that choosing has to look at nobody else.
 */
export class Candidates {
  readonly #ejection: EjectionOptions;
  readonly #version: HealthVersion;
  readonly #clock: Clock;
  readonly #weighing: Weighing;
  readonly #left = new Set<EndpointState>();
  readonly #lighter = new Map<EndpointState, number>();
  #revision = -1;
  #seenVersion = -1;
  #validUntilMs = 0;
  #sums = new Float64Array(0);
  list: readonly EndpointState[] = [];
  /** Weights by index, at most 1; undefined when all are alike. */
  weights: Float64Array | undefined = undefined;
  /** Too few were left: ejections are ignored. */
  isPanic = false;

  constructor({ limits, version, clock }: PoolShared, weighing: Weighing) {
    this.#ejection = limits.ejection;
    this.#version = version;
    this.#clock = clock;
    this.#weighing = weighing;
  }

  /** Brings everything up to date; to be called before each use. True when something may have changed. */
  refresh(tier: Tier, nowMs: number): boolean {
    if (tier.revision === this.#revision && this.#version.value === this.#seenVersion && nowMs < this.#validUntilMs) return false;
    this.#revision = tier.revision;
    this.#seenVersion = this.#version.value;
    this.#validUntilMs = Infinity;
    this.#leaveAlone(tier.endpoints, nowMs);
    this.#weigh(tier, nowMs);
    return true;
  }

  /** Whether it is left alone. */
  isLeft(endpoint: EndpointState): boolean {
    return this.#left.size > 0 && this.#left.has(endpoint);
  }

  /** Part of its share that it gets, as long as it is not left alone. */
  weightOf(endpoint: EndpointState): number {
    return this.#lighter.get(endpoint) ?? 1;
  }

  /** Index of the endpoint at `share`, from 0 up to but not 1, of all weights laid end to end. */
  at(share: number): number {
    const count = this.list.length;
    if (this.weights === undefined) return Math.floor(share * count);
    const sums = this.#sums;
    const sought = share * (sums[count - 1] as number);
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] as number) <= sought) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #leaveAlone(endpoints: readonly EndpointState[], nowMs: number): void {
    const left = this.#left;
    left.clear();
    this.isPanic = false;
    const most = Math.max(1, Math.floor(endpoints.length * this.#ejection.outlierShare));
    let outliers = 0;
    let untilMs = Infinity;
    for (const endpoint of endpoints) {
      const { unreachableUntilMs, outlierUntilMs } = endpoint;
      const isUnreachable = unreachableUntilMs > nowMs;
      if (isUnreachable) untilMs = Math.min(untilMs, unreachableUntilMs);
      if (outlierUntilMs > nowMs) untilMs = Math.min(untilMs, outlierUntilMs);
      if (isUnreachable || (outlierUntilMs > nowMs && outliers++ < most)) left.add(endpoint);
    }
    this.#validUntilMs = untilMs;
    if (left.size > 0 && endpoints.length - left.size < endpoints.length * this.#ejection.panicShare) {
      left.clear();
      this.isPanic = true;
    }
  }

  #weigh({ endpoints, zones }: Tier, nowMs: number): void {
    const { fade, zone, byHealth } = this.#weighing;
    const left = this.#left;
    const list = left.size === 0 ? endpoints : endpoints.filter((endpoint) => !left.has(endpoint));
    this.list = list;
    this.weights = undefined;
    this.#lighter.clear();
    if (list.length < 2 || (fade === undefined && zone === undefined && !byHealth)) return;
    const weights = new Float64Array(list.length).fill(1);
    if (fade !== undefined) this.#fade(weights, fade, nowMs);
    if (byHealth) this.#byHealth(weights, nowMs);
    if (zone !== undefined) {
      const places = left.size === 0 ? zones : zones.filter((_, at) => !left.has(endpoints[at] as EndpointState));
      zoneWeight(weights, places, zones, zone);
    }
    this.#settle(weights);
  }

  #fade(weights: Float64Array, fade: Fade, nowMs: number): void {
    let isFading = false;
    const aheadMs = this.#clock.wallMs() - nowMs;
    for (let at = 0; at < weights.length; at++) {
      const weight = fadeWeight(this.list[at] as EndpointState, fade, nowMs, aheadMs);
      weights[at] = weight;
      if (weight < 1) isFading = true;
    }
    if (isFading) this.#validUntilMs = Math.min(this.#validUntilMs, nowMs + Math.max(FADE_STEP_MS, fade.durationMs / FADE_STEPS));
  }

  #byHealth(weights: Float64Array, nowMs: number): void {
    for (let at = 0; at < weights.length; at++) {
      const bad = (this.list[at] as EndpointState).badShare(nowMs, this.#ejection.windowMs);
      weights[at] = (weights[at] as number) * Math.max(LEAST_HEALTH, 1 - bad);
    }
    this.#validUntilMs = Math.min(this.#validUntilMs, nowMs + HEALTH_MS);
  }

  /** The heaviest becomes 1: when all are new, or all are bad, none is. Without any weight all are alike. */
  #settle(weights: Float64Array): void {
    const most = Math.max(...weights);
    if (most <= 0 || weights.every((weight) => weight === most)) return;
    let sum = 0;
    const sums = new Float64Array(weights.length);
    for (let at = 0; at < weights.length; at++) {
      const weight = (weights[at] as number) / most;
      weights[at] = weight;
      if (weight < 1) this.#lighter.set(this.list[at] as EndpointState, weight);
      sum += weight;
      sums[at] = sum;
    }
    this.weights = weights;
    this.#sums = sums;
  }
}
