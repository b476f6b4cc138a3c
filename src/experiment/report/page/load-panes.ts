import type { LoadEvidence } from "../../evidence/evidence.ts";
import { instantOf } from "../journal/instant.ts";
import { type Line, linesPane } from "../svg/lines-pane.ts";
import { stackPane } from "../svg/stack-pane.ts";
import type { Pane } from "../svg/timeline.ts";
import { type Markup, markup } from "./markup.ts";

/** Of the classes of failure, so many are told apart; the rest is one. */
const CLASSES = ["failed-1", "failed-2", "failed-3"] as const;

/** Requests of each second by what came of them, for each load; then their latency. */
export function loadPanes(load: readonly LoadEvidence[]): readonly Pane[] {
  if (load.length === 0) return [];
  const classes = classesOf(load);
  const stacks = load.map((one) =>
    stackPane(
      one.name,
      one.group === "control" ? "requests/s, control" : "requests/s",
      64,
      ["ok", ...CLASSES],
      one.seconds.map(({ at, ok, sent, failed }) => {
        const named = classes.map((name) => failed[name] ?? 0);
        const rest = Math.max(0, sent - ok - named.reduce((sum, count) => sum + count, 0));
        const [first = 0, second = 0, third = 0] = named;
        return { atMs: instantOf(at), counts: [ok, first, second, third + rest] };
      }),
    ),
  );
  return [...stacks, linesPane("Latency", "ms, intended start", 110, latencyLines(load))];
}

/** p50 and p99 of the first load of each group: more lines cannot be told apart. */
function latencyLines(load: readonly LoadEvidence[]): readonly Line[] {
  const own = load.find(({ group }) => group === "experiment");
  const control = load.find(({ group }) => group === "control");
  const line = (of: LoadEvidence | undefined, name: string, style: Line["style"], field: "p50Ms" | "p99Ms"): readonly Line[] =>
    of === undefined
      ? []
      : [
          {
            name: `${name} ${of.name}`,
            style,
            points: of.seconds.map((one) => ({
              atMs: instantOf(one.at) + 500,
              value: one.ok === 0 && one[field] === 0 ? null : one[field],
            })),
          },
        ];
  return [
    ...line(own, "p99", "first", "p99Ms"),
    ...line(own, "p50", "second", "p50Ms"),
    ...line(control, "p99", "third", "p99Ms"),
    ...line(control, "p50", "fourth", "p50Ms"),
  ];
}

/** The classes of failure of all loads, the most frequent first; the last place is left for all others when there are more. */
function classesOf(load: readonly LoadEvidence[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { totals } of load)
    for (const [name, count] of Object.entries(totals.failed)) if (count > 0) counts.set(name, (counts.get(name) ?? 0) + count);
  const names = [...counts].sort(([, one], [, other]) => other - one).map(([name]) => name);
  return names.length > CLASSES.length ? names.slice(0, CLASSES.length - 1) : names;
}

export function loadLegend(load: readonly LoadEvidence[]): Markup {
  if (load.length === 0) return markup``;
  const classes = classesOf(load);
  const isMore = load.some(({ totals }) => Object.entries(totals.failed).some(([name, count]) => count > 0 && !classes.includes(name)));
  const names = isMore ? [...classes, "other failures"] : classes;
  return markup`<li><svg viewBox="0 0 22 12"><rect class="stack ok" width="22" height="12"/></svg>right</li>${names.map(
    (name, at) =>
      markup`<li><svg viewBox="0 0 22 12"><rect class="stack ${CLASSES[Math.min(at, 2)] ?? ""}" width="22" height="12"/></svg>${name}</li>`,
  )}${latencyLines(load).map(({ name, style }) => markup`<li><svg viewBox="0 0 22 12"><path class="line ${style}" d="M1 6H21"/></svg>${name}</li>`)}`;
}
