import { AppError } from "../../kernel/index.ts";
import { histogramOf } from "./record/histogram-text.ts";
import type { LoadResult } from "./record/load-result.ts";

/** What a load must hold: one measure and its bound. */
export interface Objective {
  readonly text: string;
  readonly measure: "percentile" | "max" | "success" | "failed" | "outage";
  /** For `percentile`. */
  readonly percent: number;
  readonly compare: "<" | "<=" | ">" | ">=";
  /** Milliseconds, percent, a count, or seconds. */
  readonly bound: number;
}

export interface ObjectiveResult {
  readonly objective: string;
  readonly isMet: boolean;
  /** What was measured, with its unit. */
  readonly measured: string;
}

const FORM = /^\s*(p\d{1,2}(?:\.\d{1,4})?|max|success|failed|outage)\s*(<=|>=|<|>)\s*(\d+(?:\.\d+)?)\s*(ms|s|%)?\s*$/;

/** Reads `p99<250ms`, `max<=2s`, `success>=99.9%`, `failed<=3` or `outage<=5s`. Throws AppError `EXPERIMENT_LOAD_SLO`. */
export function readObjective(text: string): Objective {
  const [, name = "", compare, number, unit] = FORM.exec(text) ?? [];
  const isTime = name.startsWith("p") || name === "max";
  const fits = isTime
    ? unit === "ms" || unit === "s"
    : name === "success"
      ? unit === "%"
      : name === "outage"
        ? unit === "s"
        : unit === undefined;
  if (compare === undefined || !fits)
    throw new AppError(
      "EXPERIMENT_LOAD_SLO",
      `objective ${JSON.stringify(text)}: write one as in p99<250ms, max<=2s, success>=99.9%, failed<=3 or outage<=5s`,
    );
  const scale = isTime && unit === "s" ? 1000 : 1;
  return {
    text: text.trim(),
    measure: name.startsWith("p") ? "percentile" : (name as "max" | "success" | "failed" | "outage"),
    percent: name.startsWith("p") ? Number(name.slice(1)) : 0,
    compare: compare as Objective["compare"],
    bound: Number(number) * scale,
  };
}

/** Latencies are those from the moment a request was due. What was not measured is not met. */
export function judgeObjective(objective: Objective, { totals, response }: LoadResult): ObjectiveResult {
  const { text, measure, percent, compare, bound } = objective;
  const result = (value: number, measured: string): ObjectiveResult => ({ objective: text, isMet: holds(value, compare, bound), measured });
  const nothing: ObjectiveResult = { objective: text, isMet: false, measured: "nothing was measured" };
  if (measure === "max" || measure === "percentile") {
    if (response.maxMs === null) return nothing;
    const ms = measure === "max" ? response.maxMs : histogramOf(response.hdr).percentileUs(percent) / 1000;
    return result(ms, `${ms}ms`);
  }
  if (totals.sent === 0) return nothing;
  const success = (totals.ok * 100) / totals.sent;
  if (measure === "success") return result(success, `${success.toFixed(3)}%`);
  return measure === "failed" ? result(totals.failed, String(totals.failed)) : result(totals.outageSeconds, `${totals.outageSeconds}s`);
}

function holds(value: number, compare: Objective["compare"], bound: number): boolean {
  if (compare === "<") return value < bound;
  if (compare === "<=") return value <= bound;
  return compare === ">" ? value > bound : value >= bound;
}
