/** The last `limit` things that were added, oldest first; each has a sequence number that never repeats. */
export class Ring<T> {
  readonly #limit: number;
  readonly #slots: T[] = [];
  #added = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(entry: T): void {
    this.#slots[this.#added % this.#limit] = entry;
    this.#added += 1;
  }

  /** How many were ever added: the sequence number that the next one gets. */
  get added(): number {
    return this.#added;
  }

  /** The entries still held whose sequence number is at least `from`, oldest first. */
  since(from: number): T[] {
    const first = Math.max(from, this.#added - this.#slots.length, 0);
    const entries: T[] = [];
    for (let sequence = first; sequence < this.#added; sequence += 1) {
      const entry = this.#slots[sequence % this.#limit];
      if (entry !== undefined) entries.push(entry);
    }
    return entries;
  }

  /** The newest `count`, oldest of them first. */
  last(count: number): T[] {
    return this.since(this.#added - count);
  }
}
