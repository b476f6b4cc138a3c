import type { Kept } from "./filter-services.ts";

const TICK_MS = 100;
/** Of the running mean: what a new tick counts. */
const ALPHA = 0.01;
const DEVIATIONS = 3;
const ERROR_WEIGHT = 5;
const MOST_PROBABILITY = 0.95;
/** Nothing is rejected before. */
const WARM_UP_TICKS = 50;

/** What was found at the last tick. */
export interface Resistance {
  /** Latency in targets, and five times the share of errors. */
  readonly resistance: number;
  /** Its running mean. */
  readonly baseline: number;
  /** From which on requests are rejected. */
  readonly threshold: number;
  readonly probability: number;
}

/** How requests of the last while went beside how they usually go (page "physicsShedder" of Skipper). A tick is worked out when it is asked for. */
export class PhysicsWindow implements Kept {
  readonly #targetMs: number;
  readonly #ticks: number;
  readonly #totals: Float64Array;
  readonly #errors: Float64Array;
  readonly #latencies: Float64Array;
  #tick = -1;
  #ticksSeen = 0;
  #variance = 0;
  usedMs = 0;
  found: Resistance = { resistance: 0, baseline: 0, threshold: 0, probability: 0 };

  constructor(targetMs: number, windowMs: number) {
    this.#targetMs = targetMs;
    this.#ticks = Math.floor(windowMs / TICK_MS);
    this.#totals = new Float64Array(this.#ticks);
    this.#errors = new Float64Array(this.#ticks);
    this.#latencies = new Float64Array(this.#ticks);
  }

  /** Counts a request that came to its end. */
  count(latencyMs: number, isError: boolean, nowMs: number): void {
    this.roll(nowMs);
    const at = this.#tick % this.#ticks;
    this.#totals[at] = (this.#totals[at] as number) + 1;
    this.#latencies[at] = (this.#latencies[at] as number) + latencyMs;
    if (isError) this.#errors[at] = (this.#errors[at] as number) + 1;
  }

  /** Brings it up to this time. Returns whether there was a tick. */
  roll(nowMs: number): boolean {
    this.usedMs = nowMs;
    const tick = Math.floor(nowMs / TICK_MS);
    if (this.#tick < 0) this.#tick = tick;
    const over = tick - this.#tick;
    for (let step = 0; step < Math.min(over, this.#ticks); step++) this.#step();
    if (over > this.#ticks) this.#rest(over - this.#ticks);
    this.#tick = tick;
    return over > 0;
  }

  /** One tick is over: the one behind it takes the place of the oldest. */
  #step(): void {
    const total = sum(this.#totals);
    const resistance = total === 0 ? 0 : sum(this.#latencies) / total / this.#targetMs + (ERROR_WEIGHT * sum(this.#errors)) / total;
    const before = this.found.baseline;
    const difference = this.#ticksSeen === 0 ? 0 : resistance - before;
    const baseline = this.#ticksSeen === 0 ? resistance : before + ALPHA * difference;
    this.#variance = (1 - ALPHA) * (this.#variance + ALPHA * difference * difference);
    this.#ticksSeen++;
    this.#find(resistance, baseline);
    const next = (this.#tick + 1) % this.#ticks;
    this.#totals[next] = 0;
    this.#errors[next] = 0;
    this.#latencies[next] = 0;
    this.#tick++;
  }

  /** So many ticks without a request, after a window without one: the sum of what each of them would do. */
  #rest(ticks: number): void {
    const left = (1 - ALPHA) ** ticks;
    const { baseline } = this.found;
    this.#variance = left * (this.#variance + baseline * baseline * (1 - left));
    this.#ticksSeen += ticks;
    this.#find(0, baseline * left);
  }

  #find(resistance: number, baseline: number): void {
    const threshold = baseline + DEVIATIONS * Math.sqrt(this.#variance);
    const isOver = this.#ticksSeen >= WARM_UP_TICKS && resistance > threshold;
    const probability = isOver ? Math.min(MOST_PROBABILITY, (resistance - threshold) / resistance) : 0;
    this.found = { resistance, baseline, threshold, probability };
  }
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
