import { AppError, savedFields } from "../kernel/index.ts";
import type { Approval } from "./approvals.ts";
import type { HeldCause, SavedChange } from "./held-change.ts";
import type { SavedRemovals } from "./removal-window.ts";

/** A hold as JSON, for the snapshot on disk. */
export interface HoldState<T> {
  readonly version: 2;
  readonly revision: string | null;
  readonly sequence: number;
  readonly accepted: readonly { readonly key: string; readonly value: T; readonly version: string; readonly withdrawn: boolean }[];
  readonly changes: readonly SavedChange[];
  readonly approvals: readonly Approval[];
  /** Against the budgets: what was removed lately, confirmed missing and by explicit deletes. Since version 2. */
  readonly removals: { readonly missing: readonly SavedRemovals[]; readonly deletes: readonly SavedRemovals[] };
}

/** All of it but what is accepted. */
export type HoldRecords = Omit<HoldState<never>, "accepted">;

const CAUSES: ReadonlySet<unknown> = new Set<HeldCause>(["missing", "deletes", "untrusted", "last", "only", "absent"]);

const { record, list, text, number } = savedFields(bad);

/**
 * Checks what was read from a snapshot. `decode` checks one value. Throws HOLD_STATE with the place that is wrong; a broken state is refused as a
 * whole, because an accepted set that lacks a part would remove that part.
 */
export function parseHoldState<T>(value: unknown, decode: (value: unknown) => T): HoldState<T> {
  const root = record(value, "the state");
  const version = root["version"];
  if (version !== 1 && version !== 2) throw bad(`has version ${String(version)}, this program reads 1 and 2`);
  const revision = root["revision"];
  if (revision !== null && typeof revision !== "string") throw bad("revision is no text");
  return {
    version: 2,
    revision,
    sequence: number(root["sequence"], "sequence"),
    accepted: list(root["accepted"], "accepted").map((entry, at) => {
      const item = record(entry, `accepted[${at}]`);
      return {
        key: text(item["key"], `accepted[${at}].key`),
        value: decode(item["value"]),
        version: text(item["version"], `accepted[${at}].version`),
        withdrawn: item["withdrawn"] === true,
      };
    }),
    changes: list(root["changes"], "changes").map((entry, at) => {
      const where = `changes[${at}]`;
      const change = record(entry, where);
      if (!CAUSES.has(change["cause"])) throw bad(`${where}.cause is unknown`);
      return {
        id: text(change["id"], `${where}.id`),
        cause: change["cause"] as HeldCause,
        keys: list(change["keys"], `${where}.keys`).map((key) => text(key, `${where}.keys`)),
        sinceWallMs: number(change["sinceWallMs"], `${where}.sinceWallMs`),
        heldLiveMs: number(change["heldLiveMs"], `${where}.heldLiveMs`),
        agreements: number(change["agreements"], `${where}.agreements`),
        rewound: change["rewound"] === true,
        observations: list(change["observations"], `${where}.observations`).map((said) => {
          const observation = record(said, `${where}.observations`);
          return {
            atWallMs: number(observation["atWallMs"], `${where}.observations`),
            said: text(observation["said"], `${where}.observations`),
          };
        }),
        rejected: change["rejected"] === null ? null : until(change["rejected"], `${where}.rejected`),
      };
    }),
    approvals: list(root["approvals"], "approvals").map((entry, at) => ({
      key: text(record(entry, `approvals[${at}]`)["key"], `approvals[${at}].key`),
      ...until(entry, `approvals[${at}]`),
    })),
    removals: version === 1 ? { missing: [], deletes: [] } : removals(root["removals"]),
  };
}

function removals(value: unknown): HoldState<unknown>["removals"] {
  const budgets = record(value, "removals");
  const read = (name: "missing" | "deletes"): readonly SavedRemovals[] =>
    list(budgets[name], `removals.${name}`).map((entry, at) => {
      const where = `removals.${name}[${at}]`;
      const saved = record(entry, where);
      return { atWallMs: number(saved["atWallMs"], `${where}.atWallMs`), count: number(saved["count"], `${where}.count`) };
    });
  return { missing: read("missing"), deletes: read("deletes") };
}

function until(value: unknown, where: string): { principal: string; untilWallMs: number } {
  const entry = record(value, where);
  return { principal: text(entry["principal"], `${where}.principal`), untilWallMs: number(entry["untilWallMs"], `${where}.untilWallMs`) };
}

function bad(what: string): AppError {
  return new AppError("HOLD_STATE", `saved hold state: ${what}; use the snapshot before it`);
}
