import type { LatencyResult, LoadResult } from "./record/load-result.ts";
import type { ObjectiveResult } from "./slo.ts";

/** What came of a load, for people: a few lines. */
export function summaryOf(result: LoadResult, objectives: readonly ObjectiveResult[]): string {
  const { totals, response, service, lateness } = result;
  const share = totals.sent === 0 ? "-" : `${((totals.ok / totals.sent) * 100).toFixed(3)} %`;
  const lines = [
    `${result.name}: ${totals.sent} requests in ${result.durationS.toFixed(1)} s to ${result.targets.join(", ")}`,
    `  right       ${totals.ok} (${share})`,
    `  failed      ${totals.failed}${failures(totals.byFailure)}, in ${totals.outageSeconds} different seconds`,
    `  response    ${latency(response)}   from the moment it was due`,
    `  service     ${latency(service)}   from sending`,
    `  generator   ${latency(lateness)}   late`,
    `  connections ${totals.connections}${totals.resent === 0 ? "" : `, ${totals.resent} requests sent again`}`,
    ...objectives.map(({ objective, isMet, measured }) => `  ${isMet ? "met    " : "MISSED "} ${objective}: ${measured}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** One line on where a load stands. */
export function progressLine(totals: LoadResult["totals"], elapsedS: number): string {
  const failed = totals.failed === 0 ? "" : `, failed ${totals.failed}${failures(totals.byFailure)}`;
  return `${elapsedS.toFixed(0).padStart(5)}s  due ${totals.sent}, right ${totals.ok}${failed}`;
}

function failures(byFailure: Readonly<Record<string, number>>): string {
  const each = Object.entries(byFailure).map(([name, count]) => `${name} ${count}`);
  return each.length === 0 ? "" : ` (${each.join(", ")})`;
}

function latency({ p50Ms, p90Ms, p99Ms, p999Ms, maxMs }: LatencyResult): string {
  const each = [
    ["p50", p50Ms],
    ["p90", p90Ms],
    ["p99", p99Ms],
    ["p99.9", p999Ms],
    ["max", maxMs],
  ] as const;
  return each.map(([name, ms]) => `${name} ${ms === null ? "-" : ms.toFixed(ms < 100 ? 2 : 0)} ms`).join("  ");
}
