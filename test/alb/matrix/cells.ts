import type { Random } from "../../../src/kernel/index.ts";
import { tally } from "../kit/tally.ts";
import { faultColumns } from "./faults.ts";
import type { Cell, CellResult, Reference } from "./run-cell.ts";

/** How long a fault goes on that does not meet one call alone: less than any removal waits. */
const LASTS_MS = 20 * 60_000;

export interface Choice {
  /** Positions of an action in a scenario: all, or so many of them, the first and the last always among them. */
  readonly positions: number;
  readonly actions?: readonly string[];
  readonly faults?: readonly string[];
}

/** Every action of a scenario × every fault that can be of it × positions, each as one call and as one that lasts. */
export function cellsOf({ scenario, calls }: Reference, { positions, actions, faults }: Choice, random: Random): readonly Cell[] {
  const counts = new Map<string, { count: number; isWrite: boolean }>();
  for (const { action, isWrite } of calls) {
    const known = counts.get(action);
    counts.set(action, { count: (known?.count ?? 0) + 1, isWrite });
  }
  return [...counts]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([action, { count, isWrite }]) => {
      if (actions !== undefined && !actions.includes(action)) return [];
      return faultColumns.flatMap(({ name, of, faultFor }) => {
        if (faults !== undefined && !faults.includes(name)) return [];
        const fault = of === "all" || (of === "writes") === isWrite ? faultFor(action) : undefined;
        if (fault === undefined) return [];
        const cell = { scenario: scenario.name, action, fault: name };
        const once = chosen(surelyComing(count), positions, random).map((from): Cell => ({
          ...cell,
          rule: { id: "cell", action, from, count: 1, fault },
        }));
        const lasting = { ...cell, rule: { id: "cell", action, from: once[0]?.rule.from ?? 1, count: Infinity, fault }, lastsMs: LASTS_MS };
        return [...once, ...(isBeyondProof(lasting) ? [] : [lasting])];
      });
    });
}

/** Who is told from the beginning, for as long as it lasts, that there are no certificates, or none in a state that is known, has to believe it. */
function isBeyondProof({ action, fault, rule }: Cell): boolean {
  return action === "ListCertificates" && (fault === "empty" || fault === "enum") && rule.from === 1;
}

/** Of many calls the last ones may come earlier or later than without the fault, and then not at all before the end. */
function surelyComing(count: number): number {
  return count < 10 ? count : Math.floor(count * 0.9);
}

/** Numbers from 1 to `count`, in order: the first, the last, and others by chance. */
export function chosen(count: number, most: number, random: Random): readonly number[] {
  if (most === 0) return [];
  if (count <= most) return Array.from({ length: count }, (_none, at) => at + 1);
  const found = new Set(most > 1 ? [1, count] : [1 + Math.floor(random.next() * count)]);
  while (found.size < most) found.add(1 + Math.floor(random.next() * count));
  return [...found].toSorted((one, other) => one - other);
}

/** So many of them by chance. */
export function sampled<T>(all: readonly T[], most: number, random: Random): readonly T[] {
  const left = [...all];
  const found: T[] = [];
  while (found.length < most && left.length > 0) found.push(...left.splice(Math.floor(random.next() * left.length), 1));
  return found;
}

/** A row for each action, a column for each fault. A cell whose call did not come again shows nothing, and is not in it. */
export function table(results: readonly CellResult[]): string {
  const columns = faultColumns.map(({ name }) => name);
  return tally(
    columns,
    results.filter(isMet).map((result) => ({ row: result.cell.action, column: result.cell.fault, isRed: isRed(result) })),
  );
}

/** A line for each scenario. */
export function summary(results: readonly CellResult[]): string {
  return [...Map.groupBy(results, ({ cell }) => cell.scenario)]
    .map(([scenario, of]) => {
      const met = of.filter(isMet);
      return `${scenario}: ${met.length} runs, ${met.filter(isRed).length} red; ${of.length - met.length} whose call did not come again`;
    })
    .join("\n");
}

const isMet = ({ met, violations }: CellResult): boolean => met > 0 || violations.length > 0;
const isRed = ({ violations }: CellResult): boolean => violations.length > 0;

/** A cell in words, as it is asked for again. */
export function nameOf({ scenario, action, fault, rule, lastsMs }: Cell): string {
  return `${scenario}: ${fault} on ${action} #${rule.from}${lastsMs === undefined ? "" : `, for ${lastsMs / 60_000} minutes`}`;
}
