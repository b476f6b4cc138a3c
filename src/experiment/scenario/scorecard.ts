import { FALLACIES, INCIDENTS, groupOf, rowsWithout } from "./fallacies.ts";

export type RowVerdict = "pass" | "fail" | "inconclusive" | "not-run";

/** What came of a row. */
export interface RowOutcome {
  readonly row: string;
  readonly title: string;
  readonly file: string | null;
  readonly verdict: RowVerdict;
  /** Why, where it is not a pass; one line each. */
  readonly reasons: readonly string[];
  readonly seconds: number;
  /** Of the broken stack; null when it was not tried. */
  readonly knownBad: { readonly switch: string; readonly wasCaught: boolean; readonly verdict: string; readonly seconds: number } | null;
}

type Counts = Readonly<Record<RowVerdict, number>>;

/** All rows, played or not, and what they come to. */
export interface Scorecard {
  readonly verdict: RowVerdict;
  readonly seconds: number;
  readonly totals: Counts;
  readonly fallacies: readonly (Counts & { readonly id: string; readonly title: string })[];
  /** Rows whose broken stack was tried and not caught: what they say of the whole one is worth nothing. */
  readonly blind: readonly string[];
  readonly rows: readonly RowOutcome[];
}

/** What the experiment's exit code says of its row. What could not be reverted is a fault of the run that nobody may overlook. */
export function verdictOfExit(code: number | null): RowVerdict {
  if (code === 0) return "pass";
  return code === 1 || code === 4 || code === 6 ? "fail" : "inconclusive";
}

/** A broken stack is caught by a run that deviated or was halted; one that could not say anything has caught nothing. */
export function isCaught(code: number | null): boolean {
  return code === 1 || code === 6;
}

/** `isWhole`: rows of the table without an outcome are in it, too, as not run: no data is never a pass. */
export function scorecardOf(outcomes: readonly RowOutcome[], seconds: number, isWhole: boolean): Scorecard {
  const missing = isWhole ? rowsWithout(outcomes.map(({ row }) => row)) : [];
  const rows = [
    ...outcomes,
    ...missing.map((row): RowOutcome => {
      const reasons = ["there is no scenario for it"];
      return { row, title: "", file: null, verdict: "not-run", reasons, seconds: 0, knownBad: null };
    }),
  ];
  const groups = [...FALLACIES, { id: INCIDENTS, title: "Incidents of others" }];
  const totals = count(rows);
  const blind = rows.filter(({ knownBad }) => knownBad?.wasCaught === false).map(({ row }) => row);
  return {
    verdict: overall(totals, blind.length),
    seconds,
    totals,
    fallacies: groups
      .map(({ id, title }) => ({ id, title, ...count(rows.filter(({ row }) => groupOf(row) === id)) }))
      .filter((counts) => counts.pass + counts.fail + counts.inconclusive + counts["not-run"] > 0),
    blind,
    rows,
  };
}

function overall(totals: Counts, blind: number): RowVerdict {
  if (totals.fail > 0 || blind > 0) return "fail";
  if (totals.inconclusive > 0) return "inconclusive";
  return totals.pass > 0 ? "pass" : "not-run";
}

function count(rows: readonly RowOutcome[]): Counts {
  const of = (wanted: RowVerdict): number => rows.filter(({ verdict }) => verdict === wanted).length;
  return { pass: of("pass"), fail: of("fail"), inconclusive: of("inconclusive"), "not-run": of("not-run") };
}
