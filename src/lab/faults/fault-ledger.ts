import type { Clock } from "../../kernel/index.ts";

/** A fault that somebody made, until it is put back. */
export interface Fault {
  readonly id: string;
  readonly label: string;
  readonly startedAtMs: number;
  endedAtMs: number | undefined;
}

/** What is broken on purpose now, and what was. */
export class FaultLedger {
  readonly #clock: Clock;
  #faults: Fault[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** All that were made, the ended ones too. */
  get all(): readonly Fault[] {
    return this.#faults;
  }

  isOpen(id: string): boolean {
    return this.#faults.some((fault) => fault.id === id && fault.endedAtMs === undefined);
  }

  open(id: string, label: string): void {
    if (this.isOpen(id)) return;
    this.#faults = [...this.#faults, { id, label, startedAtMs: this.#clock.wallMs(), endedAtMs: undefined }];
  }

  close(id: string): void {
    for (const fault of this.#faults) if (fault.id === id) fault.endedAtMs ??= this.#clock.wallMs();
  }
}
