import type { Random } from "../../../src/kernel/index.ts";
import { tally } from "../kit/tally.ts";
import { chosen } from "../matrix/cells.ts";
import type { Death, DeathResult, Moment, WholeLife } from "./run-death.ts";

const MOMENTS: readonly Moment[] = ["unread", "read", "late"];

export interface Choice {
  /** Of a read, and of what is written all the time (the Lease, the saved state): all, or so many of them. All other writes are always taken. */
  readonly positions: number;
  readonly calls?: readonly string[];
  readonly moments?: readonly string[];
}

/** Each write × each moment, and reads of AWS: what is there after a read is what was there before it, so one moment is enough. */
export function deathsOf({ scenario, parts }: WholeLife, { positions, moments, calls: asked }: Choice, random: Random): readonly Death[] {
  return parts.flatMap(({ calls }, part) => {
    const counts = new Map<string, { count: number; isWrite: boolean }>();
    for (const { name, isWrite } of calls) counts.set(name, { count: (counts.get(name)?.count ?? 0) + 1, isWrite });
    return [...counts]
      .filter(([name]) => !name.startsWith("GET ") && (asked?.includes(name) ?? true))
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .flatMap(([call, { count, isWrite }]) => {
        const isMany = !isWrite || call === "PUT leases" || call === "PUT configmaps";
        return chosen(count, isMany ? positions : Infinity, random).flatMap((nth) =>
          (isWrite ? MOMENTS : MOMENTS.slice(0, 1))
            .filter((moment) => moments?.includes(moment) ?? true)
            .map((moment) => ({ scenario: scenario.name, part, call, nth, moment })),
        );
      });
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
export function nameOf({ scenario, part, call, nth, moment }: Death): string {
  return `${scenario}${part === 0 ? "" : ` (part ${part + 1})`}: ${call} #${nth} ${moment}`;
}
