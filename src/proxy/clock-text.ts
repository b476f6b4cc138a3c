/** Requests that end together began within so many different seconds, mostly. */
const SLOTS = 16;

/** The text of a second, which is made once for all that began in it. */
export class ClockText {
  readonly #make: (second: number) => string;
  readonly #seconds: number[] = Array.from({ length: SLOTS }, () => -1);
  readonly #texts: string[] = Array.from({ length: SLOTS }, () => "");

  /** `make` gets whole seconds since the epoch. */
  constructor(make: (second: number) => string) {
    this.#make = make;
  }

  of(second: number): string {
    const slot = second % SLOTS;
    if (this.#seconds[slot] !== second) {
      this.#seconds[slot] = second;
      this.#texts[slot] = this.#make(second);
    }
    return this.#texts[slot] as string;
  }
}
