/** Requests that are due while all connections are busy, first come first served. Rings of numbers: nothing is allocated for one. */
export class WaitingRequests {
  #intendedMs = new Float64Array(1024);
  #which = new Uint32Array(1024);
  #start = 0;
  length = 0;

  push(intendedMs: number, which: number): void {
    if (this.length === this.#which.length) this.#grow();
    const at = (this.#start + this.length) & (this.#which.length - 1);
    this.#intendedMs[at] = intendedMs;
    this.#which[at] = which;
    this.length++;
  }

  /** Gotcha: of an empty one this is what stood there before. */
  first(): { readonly intendedMs: number; readonly which: number } {
    return { intendedMs: this.#intendedMs[this.#start] ?? 0, which: this.#which[this.#start] ?? 0 };
  }

  shift(): void {
    this.#start = (this.#start + 1) & (this.#which.length - 1);
    this.length--;
  }

  #grow(): void {
    const size = this.#which.length * 2;
    const intendedMs = new Float64Array(size);
    const which = new Uint32Array(size);
    for (let offset = 0; offset < this.length; offset++) {
      const at = (this.#start + offset) & (this.#which.length - 1);
      intendedMs[offset] = this.#intendedMs[at] ?? 0;
      which[offset] = this.#which[at] ?? 0;
    }
    this.#intendedMs = intendedMs;
    this.#which = which;
    this.#start = 0;
  }
}
