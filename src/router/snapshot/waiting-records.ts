/** What waits, because the disk is full or hangs, may be so much: it is the control process's memory. */
const MOST_BYTES = 16 * 1_048_576;

/** Records in the order they came, as many as there is room for; after the first that there was none for they are not all. */
export class WaitingRecords {
  #records: Buffer[] = [];
  #bytes = 0;
  /** Whether one is missing. */
  isIncomplete = false;

  get isEmpty(): boolean {
    return this.#records.length === 0;
  }

  /** False when there is no room for it. */
  push(record: Buffer): boolean {
    if (this.#bytes + record.length > MOST_BYTES) this.giveUp();
    if (this.isIncomplete) return false;
    this.#records.push(record);
    this.#bytes += record.length;
    return true;
  }

  /** They go before all others again. */
  putBack(records: readonly Buffer[]): void {
    if (this.isIncomplete) return;
    this.#records.unshift(...records);
    for (const { length } of records) this.#bytes += length;
  }

  /** All of them, which wait no more. */
  take(): readonly Buffer[] {
    const taken = this.#records;
    this.#records = [];
    this.#bytes = 0;
    return taken;
  }

  giveUp(): void {
    this.isIncomplete = true;
    this.take();
  }
}
