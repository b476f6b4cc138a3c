import type { Clock, Random } from "../../kernel/index.ts";
import type { Json } from "../document/json.ts";
import type { Target } from "../target/target.ts";

/** A fault that is thought through, its victims chosen; nothing is touched yet. */
export interface PreparedFault {
  /** `process/signal`; mostly the name of the activity. */
  readonly kind: string;
  /** For people: `SIGSTOP of process 4711`. */
  readonly label: string;
  readonly victims: readonly string[];
  /** Goes to the ledger, on disk, before {@link apply}. `null` when it cannot or need not be undone (a kill). */
  readonly undo: UndoRecord | null;
  /** The answer is what the activity answers. It may fail half done: `undo` is played then. */
  apply(signal: AbortSignal): Promise<Json>;
  /** Somebody who must see it, whatever {@link apply} was told. */
  readonly witness: Witness;
}

/** Independent of what did the fault: it looks at the thing itself. Rejecting counts as not seen, with the error as evidence. */
export interface Witness {
  /** For people: `connect to 127.30.64.4:8080`. */
  readonly label: string;
  isInjected(signal: AbortSignal): Promise<Sight>;
  /** For a fault without undo: whether it is over (the pod is replaced); it is asked once, and nothing hangs on it. */
  isReverted(signal: AbortSignal): Promise<Sight>;
}

export interface Sight {
  readonly seen: boolean;
  /** One line: `connect to 127.30.64.4:8080: ETIMEDOUT after 1000 ms`. */
  readonly evidence: string;
}

/** All that putting it back takes, also for another process after this one was killed. Names of fields are the fault's own. */
export interface UndoRecord {
  /** Finds the {@link UndoKind} in undos.ts. */
  readonly kind: string;
  readonly [field: string]: Json;
}

export interface UndoKind {
  readonly kind: string;
  /**
   * Puts it back. It must do nothing when that is done already, when the fault was never applied, or half, and when what it was applied to is gone
   * (another process with the same id is not touched). Rejects when it could not; it is tried again then.
   */
  undo(record: UndoRecord, deps: UndoDeps): Promise<void>;
  /** What a person does when that fails: one line, a command where there is one. */
  byHand(record: UndoRecord): string;
}

export interface UndoDeps {
  /** The one of the run whose fault it is. */
  readonly target: Target;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

export interface OpenFault {
  readonly id: string;
  readonly kind: string;
  readonly label: string;
}

export interface InjectedFault extends OpenFault {
  /** What {@link PreparedFault.apply} answered. */
  readonly output: Json;
}

/** Injects faults so that each is put back: by the end of the run at the latest, and by somebody else if this process dies. */
export interface FaultKeeper {
  /**
   * Ledger (intent, undo) → apply → until the witness saw it → ledger. When it is not seen, it is reverted, and `ActivityFailed` makes the run
   * inconclusive. With `seconds` it is reverted by itself after that time. Refused when the run is ending.
   */
  inject(fault: PreparedFault, options?: InjectOptions): Promise<InjectedFault>;
  /** Those that are not reverted yet, the oldest first; without those that cannot be. */
  open(): readonly OpenFault[];
  /** Rejects with `ActivityFailed` when it could not be put back, or was not seen to be. Does nothing when it is back already. */
  revert(id: string): Promise<void>;
  /** The end of every run: the latest first. Does not reject: what stays is in the evidence, with what to do by hand, and is exit 4. */
  revertAll(): Promise<void>;
}

export interface InjectOptions {
  readonly seconds?: number;
  /** How long the witness is asked, until it sees the fault (10). */
  readonly witnessSeconds?: number;
}
