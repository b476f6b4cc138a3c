import type { Random } from "../../../src/kernel/index.ts";
import { tally } from "../kit/tally.ts";
import { chosen } from "../matrix/cells.ts";
import type { Death, DeathResult, Moment, WholeLife } from "./run-death.ts";

const MOMENTS: readonly Moment[] = ["unread", "read", "late"];

export interface Choice {
  /** Of a read, or of the renewals of the Lease: all, or so many of them. All other writes are always taken. */
  readonly positions: number;
  readonly moments?: readonly string[];
}

/** Each write × each moment, and reads of AWS: what is there after a read is what was there before it, so one moment is enough. */
export function deathsOf({ scenario, calls }: WholeLife, { positions, moments }: Choice, random: Random): readonly Death[] {
  const counts = new Map<string, { count: number; isWrite: boolean }>();
  for (const { name, isWrite } of calls) counts.set(name, { count: (counts.get(name)?.count ?? 0) + 1, isWrite });
  return [...counts]
    .filter(([name]) => !name.startsWith("GET "))
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([call, { count, isWrite }]) => {
      const isMany = !isWrite || call === "PUT leases";
      return chosen(count, isMany ? positions : Infinity, random).flatMap((nth) =>
        (isWrite ? MOMENTS : MOMENTS.slice(0, 1))
          .filter((moment) => moments?.includes(moment) ?? true)
          .map((moment) => ({ scenario: scenario.name, call, nth, moment })),
      );
    });
}

/** A row for each call, a column for each moment. */
export function table(results: readonly DeathResult[]): string {
  return tally(
    MOMENTS,
    results.map(({ death, violations }) => ({
      row: `${death.scenario}: ${death.call}`,
      column: death.moment,
      isRed: violations.length > 0,
    })),
  );
}

/** A death in words, as it is asked for again. */
export function nameOf({ scenario, call, nth, moment }: Death): string {
  return `${scenario}: ${call} #${nth} ${moment}`;
}
