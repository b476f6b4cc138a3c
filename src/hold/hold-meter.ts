import type { MetricsRegistry } from "../telemetry/index.ts";

/** Metrics of one hold. */
export interface HoldMeter {
  evidence(kind: string): void;
  decided(action: string, keys: number): void;
  sizes(accepted: number, held: number, withdrawn: number): void;
}

/** Counts nothing without a registry. */
export function createHoldMeter(hold: string, metrics: MetricsRegistry | undefined): HoldMeter {
  if (metrics === undefined) return { evidence() {}, decided() {}, sizes() {} };
  const evidence = metrics.counter("holdfast_hold_evidence_total", "Evidence taken, by kind.", ["hold", "kind"]);
  const decisions = metrics.counter("holdfast_hold_decisions_total", "Things decided about, by action.", ["hold", "action"]);
  const size = metrics.gauge("holdfast_hold_things", "Things accepted, and of those: held removals, withdrawn.", ["hold", "state"]);
  const [all, held, withdrawn] = [size.with(hold, "accepted"), size.with(hold, "held"), size.with(hold, "withdrawn")];
  return {
    evidence: (kind) => evidence.with(hold, kind).add(),
    decided: (action, keys) => decisions.with(hold, action).add(keys),
    sizes(acceptedCount, heldCount, withdrawnCount) {
      all.set(acceptedCount);
      held.set(heldCount);
      withdrawn.set(withdrawnCount);
    },
  };
}
