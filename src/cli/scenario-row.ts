import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isRecord } from "../kernel/index.ts";
import { type JsonObject, type RowVerdict, type Scenario, verdictOfExit } from "../experiment/index.ts";
import { startProgram } from "./child-program.ts";

/** A row lasts 35 s; one that takes so long hangs. */
const LIMIT_MS = 150_000;
/** What it may need after that to revert what it did. */
const REVERT_MS = 30_000;

export interface PlayedRow {
  /** Null when it was ended by force. */
  readonly exitCode: number | null;
  readonly verdict: RowVerdict;
  readonly reasons: readonly string[];
  readonly seconds: number;
}

export interface RowPlace {
  /** The lab's folder. */
  readonly lab: string;
  /** Where journal, verdict and log of each row go. */
  readonly journals: string;
  readonly seed: string | undefined;
}

/** Plays one row in a lab, as `holdfast experiment run FILE --lab DIR` does, in a process of its own. */
export async function playRow(
  { row, file }: Scenario,
  configuration: JsonObject,
  variant: "" | "-known-bad",
  { lab, journals, seed }: RowPlace,
  signal: AbortSignal,
): Promise<PlayedRow> {
  mkdirSync(journals, { recursive: true });
  const base = join(journals, `${row}${variant}`);
  const variables = Object.entries(configuration).flatMap(([name, value]) => ["--var", `${name}:json=${JSON.stringify(value)}`]);
  const seeded = seed === undefined ? [] : ["--seed", seed];
  const argv = [
    "experiment",
    "run",
    file,
    "--lab",
    lab,
    "--journal",
    `${base}.journal.json`,
    "--json",
    `${base}.json`,
    ...seeded,
    ...variables,
  ];
  const startedMs = performance.now();
  const program = startProgram(argv, { output: `${base}.log`, isPiped: false });
  let isOverdue = false;
  const overdue = setTimeout(() => {
    isOverdue = true;
    void program.stop(REVERT_MS);
  }, LIMIT_MS);
  const stop = (): void => void program.stop(REVERT_MS);
  signal.addEventListener("abort", stop, { once: true });
  const exitCode = await program.ended;
  clearTimeout(overdue);
  signal.removeEventListener("abort", stop);
  const seconds = (performance.now() - startedMs) / 1000;
  if (isOverdue || signal.aborted) {
    const reasons = [isOverdue ? `it did not end in ${LIMIT_MS / 1000} s (${base}.log)` : "the run was ended"];
    return { exitCode: null, verdict: "inconclusive", reasons, seconds };
  }
  const verdict = verdictOfExit(exitCode);
  return { exitCode, verdict, reasons: verdict === "pass" ? [] : reasonsOf(base), seconds };
}

/** What its verdict says; where it wrote none, the last line that it said. */
function reasonsOf(base: string): readonly string[] {
  try {
    const verdict: unknown = JSON.parse(readFileSync(`${base}.json`, "utf8"));
    if (isRecord(verdict) && Array.isArray(verdict["reasons"]) && verdict["reasons"].length > 0) return verdict["reasons"].map(String);
  } catch {
    // It was not written: the log says more.
  }
  return [readFileSync(`${base}.log`, "utf8").trimEnd().split("\n").at(-1) ?? "it said nothing"];
}
