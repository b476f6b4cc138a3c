import type { SavedRemovals } from "../../hold/index.ts";
import { AppError, savedFields } from "../../kernel/index.ts";
import type { Release, SavedHolds } from "./removal-holds.ts";

/** What removals have to know again after a restart, as JSON. */
export interface SavedRemovalState {
  readonly holds: SavedHolds;
  /** Load balancers that were deleted lately, for each budget. */
  readonly deletions: readonly (readonly SavedRemovals[])[];
  /** Keys of the objects that each load balancer ever served and that no other one serves now. */
  readonly owners: Readonly<Record<string, readonly string[]>>;
}

const { record, list, text, number } = savedFields(bad);

/** Checks what was saved, but for the holds' records, which the holds check. Throws AppError `HOLD_STATE`. */
export function parseRemovalState(value: unknown): SavedRemovalState {
  const root = record(value, "removals");
  const holds = record(root["holds"], "removals.holds");
  return {
    holds: {
      holds: record(holds["holds"], "removals.holds.holds"),
      released: list(holds["released"], "removals.holds.released").map(releaseIn),
      rejected: list(holds["rejected"], "removals.holds.rejected").map((entry) => {
        const [key, untilWallMs] = list(entry, "removals.holds.rejected");
        return [text(key, "removals.holds.rejected"), number(untilWallMs, "removals.holds.rejected")] as const;
      }),
      provedAsOfMs: Object.fromEntries(
        Object.entries(record(holds["provedAsOfMs"], "removals.holds.provedAsOfMs")).map(([kind, atMs]) => [
          kind,
          number(atMs, "removals.holds.provedAsOfMs"),
        ]),
      ),
      buried: list(holds["buried"], "removals.holds.buried").map((name) => text(name, "removals.holds.buried")),
    },
    deletions: list(root["deletions"], "removals.deletions").map((budget) =>
      list(budget, "removals.deletions").map((entry) => {
        const { atWallMs, count } = record(entry, "removals.deletions");
        return { atWallMs: number(atWallMs, "removals.deletions"), count: number(count, "removals.deletions") };
      }),
    ),
    owners: Object.fromEntries(
      Object.entries(record(root["owners"], "removals.owners")).map(([name, keys]) => [
        name,
        list(keys, "removals.owners").map((key) => text(key, "removals.owners")),
      ]),
    ),
  };
}

function releaseIn(value: unknown): Release {
  const where = "removals.holds.released";
  const { key, isProved, approved } = record(value, where);
  const release = { key: text(key, where), isProved: isProved === true };
  if (approved === null) return { ...release, approved: null };
  const { by, untilWallMs } = record(approved, where);
  return { ...release, approved: { by: text(by, where), untilWallMs: number(untilWallMs, where) } };
}

function bad(what: string): AppError {
  return new AppError("HOLD_STATE", `saved state of removals: ${what}`);
}
