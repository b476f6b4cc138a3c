import type { Clock } from "../kernel/index.ts";
import { type ChangeRecord, type HeldCause, type SavedChange, reviveChange } from "./held-change.ts";
import type { LiveTime } from "./live-time.ts";

/** The changes that are held, each with its keys; a key is in one change at most. */
export interface HeldChanges {
  /** How many keys are held. */
  readonly size: number;
  /** How many changes there ever were; the number in the newest id. */
  readonly sequence: number;
  all(): readonly ChangeRecord[];
  find(id: string): ChangeRecord | undefined;
  /** The change that holds this key. */
  of(key: string): ChangeRecord | undefined;
  /** Holds keys that no change has yet, in a new change or in the one of the same storm. `agreements` begins anew. */
  add(keys: readonly string[], cause: HeldCause, rewound: boolean): { readonly record: ChangeRecord; readonly isNew: boolean };
  /** Takes a key out of the change that holds it, and answers that one. A change without keys is gone. */
  letGo(key: string): ChangeRecord | undefined;
}

interface HeldChangesOptions {
  /** First part of ids. */
  readonly name: string;
  /** Deletes that come within so much live time are one storm. */
  readonly stormMs: number;
  readonly restored: { readonly sequence: number; readonly changes: readonly SavedChange[] } | undefined;
  /** Keys that are not known are left out of what is restored. */
  readonly known: { has(key: string): boolean };
}

export function createHeldChanges(options: HeldChangesOptions, clock: Clock, time: LiveTime): HeldChanges {
  const changes = new Map<string, ChangeRecord>();
  const byKey = new Map<string, ChangeRecord>();
  let sequence = options.restored?.sequence ?? 0;

  for (const saved of options.restored?.changes ?? []) {
    const record = reviveChange(saved, options.known);
    if (record.keys.size === 0) continue;
    changes.set(record.id, record);
    for (const key of record.keys) byKey.set(key, record);
  }

  /** One storm is one change, so that a person has one thing to decide. */
  function stormOf(cause: HeldCause): ChangeRecord | undefined {
    if (cause === "missing" || cause === "absent") return undefined;
    const latest = [...changes.values()].findLast((other) => other.cause === cause && other.rejected === undefined);
    return latest !== undefined && time.ms() - latest.sinceLiveMs <= options.stormMs ? latest : undefined;
  }

  function create(cause: HeldCause, rewound: boolean): ChangeRecord {
    sequence++;
    const record: ChangeRecord = {
      id: `${options.name}-${sequence}`,
      cause,
      keys: new Set(),
      sinceWallMs: clock.wallMs(),
      sinceLiveMs: time.ms(),
      agreements: 0,
      rewound,
      observations: [],
      rejected: undefined,
    };
    changes.set(record.id, record);
    return record;
  }

  return {
    get size() {
      return byKey.size;
    },
    get sequence() {
      return sequence;
    },
    all: () => [...changes.values()],
    find: (id) => changes.get(id),
    of: (key) => byKey.get(key),
    add(keys, cause, rewound) {
      const storm = stormOf(cause);
      const record = storm ?? create(cause, rewound);
      for (const key of keys) {
        record.keys.add(key);
        byKey.set(key, record);
      }
      record.agreements = 1;
      return { record, isNew: storm === undefined };
    },
    letGo(key) {
      const record = byKey.get(key);
      if (record === undefined) return undefined;
      byKey.delete(key);
      record.keys.delete(key);
      if (record.keys.size === 0) changes.delete(record.id);
      return record;
    },
  };
}
