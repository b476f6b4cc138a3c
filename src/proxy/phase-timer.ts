import type { Deadlined, Deadlines } from "./deadlines.ts";

/** One deadline of one exchange that filters asked for. */
export class PhaseTimer implements Deadlined {
  readonly #deadlines: Deadlines;
  readonly #onOver: () => void;
  deadlineMs: number;
  deadlineSlot = -1;

  constructor(timeoutMs: number, deadlines: Deadlines, onOver: () => void) {
    this.#deadlines = deadlines;
    this.#onOver = onOver;
    this.deadlineMs = deadlines.refresh() + timeoutMs;
    deadlines.add(this);
  }

  onDeadline(): void {
    this.stop();
    this.#onOver();
  }

  /** Idempotent. */
  stop(): void {
    this.#deadlines.remove(this);
  }
}
