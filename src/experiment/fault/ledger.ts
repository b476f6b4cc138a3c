import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { type ProcessIdentity, AppError, isRecord, makeFolder, messageOf } from "../../kernel/index.ts";
import { syncFolderNow } from "./sync-folder.ts";
import type { TargetSpec } from "../target/target.ts";
import type { UndoRecord } from "./fault.ts";

/** The first line: whose ledger it is. */
export interface LedgerOwner {
  readonly step: "opened";
  readonly at: string;
  readonly run: string;
  readonly title: string;
  readonly owner: ProcessIdentity;
  readonly target: TargetSpec;
}

/**
 * `intent` is written before anything is done, `reverting` before it is put back. `stuck`: it could not be. `unseen`: the witness did not see it.
 * A fault is open from `intent` to `reverted`; one without undo is `final` once it is seen.
 */
export type FaultStep = "intent" | "applied" | "witnessed" | "unseen" | "reverting" | "reverted" | "stuck" | "final";

export interface FaultLine {
  readonly step: FaultStep;
  readonly at: string;
  readonly fault: string;
  /** With `intent`. */
  readonly kind?: string;
  readonly label?: string;
  readonly victims?: readonly string[];
  readonly undo?: UndoRecord | null;
  /** What was seen, or went wrong. */
  readonly text?: string;
  /** Who put it back, when it was not the run itself. */
  readonly by?: string;
}

/** What a ledger says of one fault. */
export interface LedgerFault {
  readonly id: string;
  readonly kind: string;
  readonly label: string;
  readonly victims: readonly string[];
  readonly undo: UndoRecord | null;
  readonly intendedAt: string;
  step: FaultStep;
  text: string;
}

export interface LedgerState {
  /** Undefined when whoever wrote it died within the first line. */
  readonly owner: LedgerOwner | undefined;
  readonly faults: readonly LedgerFault[];
}

/** Lines that are only added, each on disk before `append` returns: what is to be undone is known whenever the process dies. */
export class Ledger {
  readonly file: string;
  #descriptor: number | undefined;

  /** Throws AppError `EXPERIMENT_LEDGER` when it cannot be written: then nothing may be injected. */
  constructor(file: string) {
    this.file = file;
    try {
      makeFolder(dirname(file));
      const text = existsSync(file) ? readFileSync(file, "utf8") : "";
      this.#descriptor = openSync(file, "a", 0o600);
      // The last line of who died while writing it must not swallow ours.
      if (text !== "" && !text.endsWith("\n")) writeSync(this.#descriptor, "\n");
      syncFolderNow(dirname(file));
    } catch (error) {
      throw unusable(file, `cannot be written (${messageOf(error)})`);
    }
  }

  append(line: LedgerOwner | FaultLine): void {
    if (this.#descriptor === undefined) throw unusable(this.file, "is closed");
    try {
      writeSync(this.#descriptor, `${JSON.stringify(line)}\n`);
      fsyncSync(this.#descriptor);
    } catch (error) {
      throw unusable(this.file, `cannot be written (${messageOf(error)})`);
    }
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/** Reads what a process, dead or not, has written; half a line at the end was never acted upon. Throws AppError `EXPERIMENT_LEDGER`. */
export function readLedger(file: string): LedgerState {
  let owner: LedgerOwner | undefined;
  const faults = new Map<string, LedgerFault>();
  for (const line of readLines(file)) {
    if (line["step"] === "opened") owner = line as unknown as LedgerOwner;
    else apply(line as unknown as FaultLine, faults);
  }
  if (owner === undefined && faults.size > 0) throw unusable(file, "does not say whose it is");
  return { owner, faults: [...faults.values()] };
}

/** Whether something of it may still be broken. */
export function isOpen(fault: Pick<LedgerFault, "undo" | "step">): boolean {
  return fault.undo !== null && fault.step !== "reverted";
}

function apply(line: FaultLine, faults: Map<string, LedgerFault>): void {
  const known = faults.get(line.fault);
  if (known !== undefined) {
    known.step = line.step;
    known.text = line.text ?? known.text;
    return;
  }
  if (line.step !== "intent") return;
  const { fault: id, kind = "", label = "", victims = [], undo = null, at } = line;
  faults.set(id, { id, kind, label, victims, undo, intendedAt: at, step: "intent", text: "" });
}

function readLines(file: string): readonly Record<string, unknown>[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw unusable(file, `cannot be read (${messageOf(error)})`);
  }
  return text.split("\n").flatMap((line) => {
    try {
      const parsed: unknown = JSON.parse(line);
      return isRecord(parsed) ? [parsed] : [];
    } catch {
      return [];
    }
  });
}

function unusable(file: string, what: string): AppError {
  return new AppError("EXPERIMENT_LEDGER", `${file}: the ledger of faults ${what}; give another folder with --state DIR`);
}
