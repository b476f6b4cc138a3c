import { type FamilyDump, mergeDumps } from "../telemetry/index.ts";

/**
 * Adds up the metrics of processes that come and go. What a process counted before it died stays counted, because a sum that
 * goes down looks like a restart to Prometheus and the whole of it would be counted again. Gauges of the dead are forgotten.
 */
export interface MetricsLedger {
  seen(process: string, dump: readonly FamilyDump[]): void;
  gone(process: string): void;
  total(): FamilyDump[];
}

/** An empty ledger. */
export function createMetricsLedger(): MetricsLedger {
  const alive = new Map<string, readonly FamilyDump[]>();
  let retired: FamilyDump[] = [];
  return {
    seen(process, dump) {
      alive.set(process, dump);
    },
    gone(process) {
      const last = alive.get(process);
      alive.delete(process);
      if (last !== undefined) retired = mergeDumps([retired, last.filter((family) => family.kind !== "gauge")]);
    },
    total: () => mergeDumps([retired, ...alive.values()]),
  };
}
