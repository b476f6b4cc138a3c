import { messageOf } from "../../kernel/index.ts";
import type { FaultEvidence } from "../evidence/evidence.ts";
import type { EvidenceBook } from "../evidence/evidence-book.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import type { FaultKeeper, InjectOptions, InjectedFault, OpenFault, PreparedFault, UndoDeps } from "./fault.ts";
import { type FaultLine, type FaultStep, type Ledger, type LedgerOwner } from "./ledger.ts";
import { lookUntil } from "./look-until.ts";
import { byHand, undoFault } from "./undo-fault.ts";

/** How long a witness is asked for before it has seen nothing. */
const WITNESS_SECONDS = 10;
const REVERT_SECONDS = 30;
/** How long a look whether a kill is over may take. */
const OVER_MS = 5_000;

export interface FaultKeeperDeps {
  readonly undo: Omit<UndoDeps, "signal">;
  readonly evidence: EvidenceBook;
  /** Opened with the first fault: a run without faults leaves none. */
  readonly openLedger: () => Ledger;
  readonly owner: Omit<LedgerOwner, "step" | "at">;
  /** Stands by before the first fault: it puts things back when this process cannot. */
  readonly watchOver: (ledger: string) => Promise<Watcher>;
  /** Why nothing may be broken now; undefined when it may. */
  readonly refusal: () => string | undefined;
  /** The end of the run: from then on no fault is injected. */
  readonly ending: AbortSignal;
}

interface Watcher {
  close(): void;
}

interface Kept {
  readonly fault: PreparedFault;
  evidence: FaultEvidence;
  isOpen: boolean;
  reverting: Promise<void> | undefined;
  cancelTimer: () => void;
}

export class LedgerFaultKeeper implements FaultKeeper {
  readonly #deps: FaultKeeperDeps;
  readonly #kept = new Map<string, Kept>();
  #ledger: Ledger | undefined;
  #watcher: Promise<Watcher> | undefined;
  constructor(deps: FaultKeeperDeps) {
    this.#deps = deps;
  }

  async inject(fault: PreparedFault, { seconds, witnessSeconds = WITNESS_SECONDS }: InjectOptions = {}): Promise<InjectedFault> {
    const { ending, undo } = this.#deps;
    this.#refuse(fault);
    await this.#watchOver();
    this.#refuse(fault);
    const id = `fault-${this.#kept.size + 1}`;
    const kept = this.#keep(id, fault);
    const { kind, label, victims } = fault;
    this.#write(id, "intent", { kind, label, victims, undo: fault.undo });
    let output;
    try {
      output = await fault.apply(ending);
    } catch (error) {
      const why = `${label}: ${messageOf(error)}`;
      await this.#takeBack(id, why);
      throw new ActivityFailed(why);
    }
    this.#note(kept, { injectedAt: this.#deps.evidence.now() });
    this.#write(id, "applied");
    const sight = await lookUntil((signal) => fault.witness.isInjected(signal), witnessSeconds, undo.clock, ending);
    this.#note(kept, { injectedEvidence: sight.evidence });
    if (!sight.seen) {
      this.#write(id, "unseen", { text: sight.evidence });
      const why = `${label} was done, but ${fault.witness.label} did not see it: ${sight.evidence}`;
      await this.#takeBack(id, why);
      throw new ActivityFailed(why);
    }
    this.#note(kept, { witnessedAt: this.#deps.evidence.now() });
    this.#write(id, fault.undo === null ? "final" : "witnessed", { text: sight.evidence });
    if (seconds !== undefined && kept.isOpen) {
      const timer = undo.clock.timer(seconds * 1000, () => void this.revert(id).catch(() => {}));
      kept.cancelTimer = () => timer.cancel();
    }
    return { id, kind, label, output };
  }

  open(): readonly OpenFault[] {
    return [...this.#kept].flatMap(([id, { fault, isOpen }]) => (isOpen ? [{ id, kind: fault.kind, label: fault.label }] : []));
  }

  async revert(id: string): Promise<void> {
    const kept = this.#kept.get(id);
    if (kept === undefined) throw new ActivityFailed(`there is no fault ${id} in this run`);
    if (!kept.isOpen) return;
    kept.reverting ??= this.#putBack(id, kept).finally(() => (kept.reverting = undefined));
    await kept.reverting;
  }

  async revertAll(): Promise<void> {
    // The latest first, one after the other: what was done on top of another is taken off before it.
    for (const { id } of this.open().toReversed()) await this.revert(id).catch(() => {});
    for (const kept of this.#kept.values()) if (kept.fault.undo === null) await this.#lookWhetherOver(kept);
    if (this.#watcher !== undefined) await this.#watcher.then((watcher) => watcher.close()).catch(() => {});
    this.#watcher = undefined;
    this.#ledger?.close();
    this.#ledger = undefined;
  }

  /** Without ledger and watchdog nothing is broken. */
  async #watchOver(): Promise<void> {
    if (this.#ledger === undefined) {
      this.#ledger = this.#deps.openLedger();
      this.#ledger.append({ step: "opened", at: this.#deps.evidence.now(), ...this.#deps.owner });
    }
    this.#watcher ??= this.#deps.watchOver(this.#ledger.file);
    await this.#watcher;
  }

  #refuse({ label }: PreparedFault): void {
    const why = this.#deps.ending.aborted ? "the run is ending" : this.#deps.refusal();
    if (why !== undefined) throw new ActivityFailed(`${label} was not done: ${why}`);
  }

  #keep(id: string, fault: PreparedFault): Kept {
    const evidence: FaultEvidence = {
      id,
      kind: fault.kind,
      label: fault.label,
      victims: fault.victims,
      witness: fault.witness.label,
      injectedAt: null,
      witnessedAt: null,
      injectedEvidence: null,
      revertedAt: null,
      revertedEvidence: null,
      isFinal: fault.undo === null,
      byHand: null,
    };
    const kept: Kept = { fault, evidence, isOpen: fault.undo !== null, reverting: undefined, cancelTimer: () => {} };
    this.#kept.set(id, kept);
    this.#note(kept, {});
    return kept;
  }

  async #takeBack(id: string, why: string): Promise<void> {
    await this.revert(id).catch((error: unknown) => {
      throw new ActivityFailed(`${why}; ${messageOf(error)}`);
    });
  }

  async #putBack(id: string, kept: Kept): Promise<void> {
    const { fault } = kept;
    if (fault.undo === null) return;
    const { undo, evidence } = this.#deps;
    kept.cancelTimer();
    // What ends the run must not end what puts things right.
    const { signal } = new AbortController();
    try {
      this.#write(id, "reverting");
      await undoFault(fault.undo, { ...undo, signal });
      const sight = await lookUntil((until) => fault.witness.isReverted(until), REVERT_SECONDS, undo.clock, signal);
      this.#note(kept, { revertedEvidence: sight.evidence });
      if (!sight.seen) throw new ActivityFailed(`${fault.witness.label} does not see that it is back: ${sight.evidence}`);
      kept.isOpen = false;
      this.#note(kept, { revertedAt: evidence.now(), byHand: null });
      this.#write(id, "reverted", { text: sight.evidence });
    } catch (error) {
      const mend = byHand(fault.undo);
      this.#note(kept, { byHand: mend });
      if (kept.isOpen) this.#write(id, "stuck", { text: messageOf(error) });
      throw new ActivityFailed(`${fault.label} was not put back: ${messageOf(error)}; by hand: ${mend}`);
    }
  }

  async #lookWhetherOver(kept: Kept): Promise<void> {
    if (kept.evidence.witnessedAt === null) return;
    // Once, but with time for an answer.
    const look = kept.fault.witness.isReverted(AbortSignal.timeout(OVER_MS));
    const sight = await look.catch((error: unknown) => ({ seen: false, evidence: messageOf(error) }));
    this.#note(kept, { revertedAt: sight.seen ? this.#deps.evidence.now() : null, revertedEvidence: sight.evidence });
  }

  #note(kept: Kept, more: Partial<FaultEvidence>): void {
    kept.evidence = { ...kept.evidence, ...more };
    this.#deps.evidence.recordFault(kept.evidence);
  }

  #write(fault: string, step: FaultStep, more: Partial<FaultLine> = {}): void {
    this.#ledger?.append({ step, at: this.#deps.evidence.now(), fault, ...more });
  }
}
