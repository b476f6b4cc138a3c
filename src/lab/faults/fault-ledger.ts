import type { Clock } from "../../kernel/index.ts";

/** What somebody did, until it is put back; a change breaks nothing. */
export interface Fault {
  readonly id: string;
  readonly kind: "break" | "change";
  readonly label: string;
  readonly startedAtMs: number;
  endedAtMs: number | undefined;
}

/** What is broken or changed on purpose now, and what was. */
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

  open(id: string, kind: Fault["kind"], label: string): void {
    if (this.isOpen(id)) return;
    this.#faults = [...this.#faults, { id, kind, label, startedAtMs: this.#clock.wallMs(), endedAtMs: undefined }];
  }

  close(id: string): void {
    for (const fault of this.#faults) if (fault.id === id) fault.endedAtMs ??= this.#clock.wallMs();
  }
}
