import { globSync } from "node:fs";
import { join } from "node:path";
import { isRunning } from "../../kernel/index.ts";
import { type LedgerFault, type LedgerOwner, isOpen, readLedger } from "./ledger.ts";
import { type RevertDeps, type RevertedFault, revertLedger } from "./revert-ledger.ts";

/** A run that has a ledger. */
export interface LedgerRun {
  readonly file: string;
  readonly owner: LedgerOwner;
  readonly isAlive: boolean;
  readonly faults: readonly LedgerFault[];
  readonly open: readonly LedgerFault[];
}

/** Those of a state folder. One whose ledger cannot be read is an error: something of it may be open. Throws AppError `EXPERIMENT_LEDGER`. */
export function runsIn(state: string): readonly LedgerRun[] {
  const files = globSync("*/ledger.jsonl", { cwd: state }).toSorted();
  return files.flatMap((name) => {
    const file = join(state, name);
    const { owner, faults } = readLedger(file);
    // It died before its first line was whole, and so before its first fault.
    return owner === undefined ? [] : [{ file, owner, isAlive: isRunning(owner.owner), faults, open: faults.filter(isOpen) }];
  });
}

/** Puts back what runs left that are gone: their watchdog may have been killed with them, or the machine went down. */
export async function revertDeadRuns(state: string, deps: RevertDeps): Promise<readonly RevertedFault[]> {
  const dead = runsIn(state).filter(({ isAlive, open }) => !isAlive && open.length > 0);
  const reverted: RevertedFault[] = [];
  for (const { file } of dead) reverted.push(...(await revertLedger(file, deps)));
  return reverted;
}
