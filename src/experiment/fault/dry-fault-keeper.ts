import type { EvidenceBook } from "../evidence/evidence-book.ts";
import type { FaultKeeper, InjectOptions, InjectedFault, OpenFault, PreparedFault } from "./fault.ts";

/** Says what would be done, to whom, and how it would be put back; touches nothing, and nothing is open afterwards. */
export class DryFaultKeeper implements FaultKeeper {
  readonly #evidence: EvidenceBook;
  #planned = 0;
  constructor(evidence: EvidenceBook) {
    this.#evidence = evidence;
  }

  inject({ kind, label, victims, undo }: PreparedFault, { seconds }: InjectOptions = {}): Promise<InjectedFault> {
    const back =
      undo === null
        ? "it cannot be undone"
        : `put back${seconds === undefined ? " at the end" : ` after ${seconds} s`}: ${JSON.stringify(undo)}`;
    this.#evidence.recordEvent("dry run", `would do ${label}; victims: ${victims.join(", ")}; ${back}`);
    this.#planned++;
    return Promise.resolve({ id: `dry-${this.#planned}`, kind, label, output: { dry: true, label, victims, undo } });
  }

  open(): readonly OpenFault[] {
    return [];
  }

  revert(): Promise<void> {
    return Promise.resolve();
  }

  revertAll(): Promise<void> {
    return Promise.resolve();
  }
}
