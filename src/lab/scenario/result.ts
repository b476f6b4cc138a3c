/** What one router fleet went through; the contract of `holdfast lab --once --json FILE` (docs/reference/lab-json.md). */
export interface Run {
  /** Every request sent is in exactly one of `right`, `failed`, `lostInFlightAtKill`. */
  readonly sent: number;
  readonly right: number;
  readonly failed: number;
  /** Torn down by `kill -9` of a worker while being answered. */
  readonly lostInFlightAtKill: number;
  /** By status; what got no answer is under its reason. */
  readonly byStatus: Readonly<Record<string, number>>;
  readonly wrongApplication: number;
  /** Seconds (by intended start) in which at least one request failed. */
  readonly outageSeconds: number;
  /** How long its load balancer had no healthy target and sent requests to all of them. */
  readonly failOpenSeconds: number;
  readonly apiServerKills: number;
  /** Router containers that ended and were started again. */
  readonly routerRestarts: number;
  /** From the removal of the flood until everything was as it should be; -1 when that was not reached. */
  readonly convergedAfterSeconds: number;
  readonly timeline: readonly { readonly atSeconds: number; readonly event: string }[];
}

export type PolicyName = "naive" | "hold";

export type Verdict = "held" | "deviated" | "inconclusive";

export interface LabResult {
  readonly scenario: string;
  readonly verdict: Verdict;
  readonly policies: Readonly<Partial<Record<PolicyName, Run>>>;
}

/**
 * `held`: the outage was real (the API server was killed, and the fleet as in 2017, where there is one, failed requests)
 * and the hold fleet failed none and converged. `inconclusive`: the outage was not real, or the load was not sent, so
 * that a fleet without failures proves nothing. `deviated`: the hold fleet failed requests, or did not converge.
 */
export function judge(
  policies: LabResult["policies"],
  notes: { readonly loadWasSent: boolean; readonly changeKept: boolean; readonly removalDone: boolean },
): Verdict {
  const { naive, hold } = policies;
  const run = hold ?? naive;
  if (run === undefined || !notes.loadWasSent || run.apiServerKills === 0) return "inconclusive";
  if (naive !== undefined && naive.failed === 0) return "inconclusive";
  if (hold === undefined) return "deviated";
  const held = hold.failed === 0 && hold.wrongApplication === 0 && hold.right > 0 && hold.convergedAfterSeconds >= 0;
  return held && notes.changeKept && notes.removalDone ? "held" : "deviated";
}

/** One sentence for a stranger. */
export function sentence(result: LabResult): string {
  const { naive, hold } = result.policies;
  const number = (value: number): string => value.toLocaleString("en-US");
  if (result.verdict === "inconclusive") return "The outage was not real enough to say anything.";
  const parts: string[] = [];
  if (naive !== undefined)
    parts.push(`The routers as in 2017 failed ${number(naive.failed)} of ${number(naive.sent)} requests over ${naive.outageSeconds} s`);
  if (hold !== undefined)
    parts.push(
      hold.failed === 0 ? `Holdfast failed none of ${number(hold.sent)}` : `Holdfast failed ${number(hold.failed)} of ${number(hold.sent)}`,
    );
  return `${parts.join("; ")}.`;
}

/** The comparison as a table for a terminal, explained row by row. */
export function renderTable(result: LabResult): string {
  const { naive, hold } = result.policies;
  const runs = [naive, hold].filter((run) => run !== undefined);
  const titles = [naive === undefined ? [] : ["as in 2017"], hold === undefined ? [] : ["Holdfast"]].flat();
  const rows: readonly (readonly [string, (run: Run) => string])[] = [
    ["requests sent", (run) => run.sent.toLocaleString("en-US")],
    ["answered rightly", (run) => run.right.toLocaleString("en-US")],
    ["failed", (run) => run.failed.toLocaleString("en-US")],
    ["  came back instead of 200", (run) => failures(run)],
    ["  from the wrong application", (run) => String(run.wrongApplication)],
    ["torn down in flight by kill -9, counted apart", (run) => String(run.lostInFlightAtKill)],
    ["seconds with failures", (run) => String(run.outageSeconds)],
    ["seconds the load balancer failed open", (run) => run.failOpenSeconds.toFixed(0)],
    ["API server killed", (run) => `${run.apiServerKills} times`],
    ["routers restarted", (run) => `${run.routerRestarts} times`],
    [
      "all well again, after the flood's removal",
      (run) => (run.convergedAfterSeconds < 0 ? "never" : `${run.convergedAfterSeconds.toFixed(0)} s`),
    ],
  ];
  const cells = rows.map(([label, read]) => [label, ...runs.map((run) => read(run))]);
  const table = [["", ...titles], ...cells];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => (row[column] ?? "").length))) ?? [];
  const line = `  ${widths.map((width) => "─".repeat(width)).join("──")}`;
  const text = table.map(
    (row) =>
      `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  ")}`,
  );
  return `${text[0]}\n${line}\n${text.slice(1).join("\n")}\n`;
}

function failures(run: Run): string {
  const others = Object.entries(run.byStatus).filter(([status, count]) => status !== "200" && count > 0);
  return others.length === 0 ? "nothing" : others.map(([status, count]) => `${status} × ${count.toLocaleString("en-US")}`).join(", ");
}
