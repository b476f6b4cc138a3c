/** Something from outside that ends a run before its time. */
export interface Interruption {
  readonly by: string;
  /** Rollbacks are never played, whatever the strategy (SIGUSR2). */
  readonly withoutRollbacks: boolean;
}

/** Where a run listens for being interrupted; the first interruption counts. */
export class Interrupter {
  readonly #controller = new AbortController();
  #interruption: Interruption | undefined;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get interruption(): Interruption | undefined {
    return this.#interruption;
  }

  interrupt(interruption: Interruption): void {
    if (this.#interruption !== undefined) return;
    this.#interruption = interruption;
    this.#controller.abort();
  }
}
