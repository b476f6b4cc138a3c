import { type Clock, type Random, messageOf } from "../../kernel/index.ts";
import { lostTarget, openTarget } from "../target/open-target.ts";
import { Ledger, type LedgerFault, isOpen, readLedger } from "./ledger.ts";
import { byHand, undoFault } from "./undo-fault.ts";

export interface RevertDeps {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: Random;
  /** Who does it instead of the run: `watchdog`. Stands in the ledger. */
  readonly by: string;
}

export interface RevertedFault {
  readonly run: string;
  readonly id: string;
  readonly label: string;
  /** Why it could not be put back, and what to do by hand; undefined when it is back. */
  readonly stuck: string | undefined;
}

/**
 * Puts back what another process left open, the latest first; `also` names faults that the ledger calls reverted. Does not reject for what stays.
 * Throws AppError `EXPERIMENT_LEDGER` when the ledger cannot be read.
 */
export async function revertLedger(
  file: string,
  deps: RevertDeps,
  also: ReadonlySet<string> = new Set(),
): Promise<readonly RevertedFault[]> {
  const { owner, faults } = readLedger(file);
  const open = faults.filter((fault) => isOpen(fault) || (fault.undo !== null && also.has(fault.id)));
  if (owner === undefined || open.length === 0) return [];
  const target = await openTarget(owner.target, deps).catch((error: unknown) => lostTarget(owner.target, error, deps));
  const ledger = new Ledger(file);
  try {
    const reverted: RevertedFault[] = [];
    for (const fault of open.toReversed()) reverted.push(await putBack(fault));
    return reverted;
  } finally {
    ledger.close();
    await target.close();
  }

  async function putBack({ id, label, undo }: LedgerFault): Promise<RevertedFault> {
    const write = (step: "reverting" | "reverted" | "stuck", text = ""): void =>
      ledger.append({ step, at: new Date(deps.clock.wallMs()).toISOString(), fault: id, by: deps.by, text });
    let stuck: string | undefined;
    try {
      write("reverting");
      if (undo !== null) await undoFault(undo, { ...deps, target, signal: new AbortController().signal });
      write("reverted");
    } catch (error) {
      stuck = `${messageOf(error)}; by hand: ${undo === null ? "" : byHand(undo)}`;
      write("stuck", stuck);
    }
    return { run: owner?.run ?? "", id, label, stuck };
  }
}
