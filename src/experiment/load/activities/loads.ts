import { ActivityFailed } from "../../provider/activity-failed.ts";
import type { EvidenceBook } from "../../evidence/evidence-book.ts";
import type { RunningLoad } from "../process/running-load.ts";

/** A load of a run, and what its evidence says of it. */
export interface NamedLoad {
  readonly name: string;
  readonly group: "experiment" | "control";
  readonly target: string;
  readonly startedMs: number;
  readonly load: RunningLoad;
}

const loadsOfRuns = new WeakMap<EvidenceBook, Map<string, NamedLoad>>();

/** The loads of the run that keeps this book. */
export function loadsOf(evidence: EvidenceBook): Map<string, NamedLoad> {
  let loads = loadsOfRuns.get(evidence);
  if (loads === undefined) {
    loads = new Map();
    loadsOfRuns.set(evidence, loads);
  }
  return loads;
}

/** Throws ActivityFailed when there is none of that name. */
export function loadNamed(evidence: EvidenceBook, name: string): NamedLoad {
  const loads = loadsOf(evidence);
  const named = loads.get(name);
  if (named !== undefined) return named;
  const known = [...loads.keys()];
  throw new ActivityFailed(
    `no load ${JSON.stringify(name)} was started: ${known.length === 0 ? "play load/start before" : `there are ${known.join(", ")}`}`,
  );
}
