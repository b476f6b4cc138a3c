import type { AwsWorld } from "./world.ts";

/** How many worlds of the past are kept for stale reads. */
const KEPT = 1_000;

/** The world that is, and those that were. */
export class WorldStore {
  #now: AwsWorld;
  /** Oldest first: each with the moment it began. */
  readonly #history: { readonly fromMs: number; readonly world: AwsWorld }[];
  readonly #save: (world: AwsWorld) => void;

  /** `save` is called with every new world before anybody is told of it. */
  constructor(first: AwsWorld, nowMs: number, save: (world: AwsWorld) => void) {
    this.#now = first;
    this.#history = [{ fromMs: nowMs, world: first }];
    this.#save = save;
  }

  get now(): AwsWorld {
    return this.#now;
  }

  /** The world as it was at a moment; the oldest that is known when it was longer ago. */
  at(ms: number): AwsWorld {
    const found = this.#history.findLast(({ fromMs }) => fromMs <= ms);
    return (found ?? this.#history[0])?.world ?? this.#now;
  }

  put(world: AwsWorld, nowMs: number): void {
    if (world === this.#now) return;
    const next = { ...world, version: this.#now.version + 1 };
    this.#save(next);
    this.#now = next;
    this.#history.push({ fromMs: nowMs, world: next });
    if (this.#history.length > KEPT) this.#history.shift();
  }
}
