import { basename, dirname } from "node:path";
import { FALLACIES, groupOf, rowsWithout } from "./fallacies.ts";
import type { Scenario } from "./scenario.ts";
import type { RowVerdict } from "./scorecard.ts";

/** What came of a row when it was played last. */
export interface Seen {
  readonly verdict: RowVerdict;
  readonly seconds: number;
  /** The day, as 2026-11-24. */
  readonly at: string;
  /** Of the broken stack. */
  readonly caught?: { readonly wasCaught: boolean; readonly at: string };
}

/** By row. */
export type LastSeen = Readonly<Record<string, Seen>>;

const HEAD = `# Scenarios

<!-- Written by scripts/scenarios-page.ts: do not edit. -->

One experiment for each row of the table of fallacies: eight of distributed computing (F), five of cloud computing (C). \`holdfast experiment run --all\` plays them in a lab, a
[network namespace](../explanation/lab.md) of its own, and prints the scorecard; \`--row F1.1\` plays one. A row is a file in the format of Chaos Toolkit whose extension \`holdfast\` says
what it is:

| field      | meaning                                                                                                                                    |
| ---------- | ------------------------------------------------------------------------------------------------------------------------------------------ |
| \`row\`      | its place in the table, \`F1.1\` to \`C5.5\`; incidents of others are \`I1\` and on                                                              |
| \`fault\`    | what is broken                                                                                                                             |
| \`shows\`    | what has to hold all the same                                                                                                              |
| \`needs\`    | what the host must have; without it the row is not run, and that is said                                                                   |
| \`lab\`      | \`nodes\` (3), \`replicas\` of applications, \`policy\` of the routers (\`hold\`), \`routerArguments\`, \`albArguments\`: rows with the same share one |
| \`knownBad\` | the stack broken on purpose: \`switch\` says how, \`lab\` and \`configuration\` what is otherwise. The row has to deviate in it                  |
| \`subsets\`  | names that \`--subset\` takes; \`ci\` is played with every change                                                                              |

A row passes when its experiment held, fails when it deviated, was halted or left something broken, and is inconclusive otherwise: what nobody saw is never a pass. With \`--known-bad\` each
row that passed is played once more in the broken stack: a row that finds that well says nothing, and the run fails.
`;

/** The page docs/reference/scenarios.md. */
export function renderPage(scenarios: readonly Scenario[], seen: LastSeen): string {
  const groups = [...FALLACIES.map(({ id, title }) => ({ id, title: `${id} ${title}` })), { id: "I", title: "Incidents of others" }];
  const sections = groups.flatMap(({ id, title }) => {
    const own = scenarios.filter(({ row }) => groupOf(row) === id);
    if (own.length === 0) return [];
    return [`\n## ${title}\n`, table(own.map((scenario) => cells(scenario, seen[scenario.row])))];
  });
  const missing = rowsWithout(scenarios.map(({ row }) => row));
  const gaps = missing.length === 0 ? [] : [`\n## Not there yet\n\n${missing.length} rows have no scenario: ${missing.join(", ")}.`];
  return `${[HEAD.trimEnd(), ...sections, ...gaps].join("\n")}\n`;
}

function cells({ row, file, title, fault, shows, knownBad }: Scenario, seen: Seen | undefined): readonly string[] {
  const link = `[${title}](../../scenarios/${basename(dirname(file))}/${basename(file)})`;
  const bad = knownBad === undefined ? "none" : `${knownBad.switch}${caughtText(seen)}`;
  return [row, link, fault, shows, bad, seen === undefined ? "never" : `${seen.verdict}, ${seen.seconds} s, ${seen.at}`];
}

function caughtText(seen: Seen | undefined): string {
  if (seen?.caught === undefined) return " (not tried yet)";
  return ` (${seen.caught.wasCaught ? "caught" : "NOT caught"} ${seen.caught.at})`;
}

function table(rows: readonly (readonly string[])[]): string {
  const head = ["row", "what is tried", "fault", "must show", "broken on purpose", "last seen"];
  const escaped = rows.map((cellsOfRow) => cellsOfRow.map((cell) => cell.replaceAll("|", "\\|").replaceAll(/\s+/g, " ").trim()));
  const widths = head.map((title, at) => Math.max(title.length, ...escaped.map((cellsOfRow) => cellsOfRow[at]?.length ?? 0)));
  const line = (cellsOfRow: readonly string[]): string => `| ${cellsOfRow.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  return [line(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...escaped.map(line)].join("\n");
}
