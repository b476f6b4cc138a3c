import { ManualClock } from "../../kernel/testing/manual-clock.ts";
import { type Accepted, type AcceptedChange, type AuditLine, type Evidence, type Hold, type HoldOptions, createHold } from "../index.ts";

/** A complete answer with these keys, each with its key as value. */
export function complete(
  keys: readonly string[],
  more: { readonly poisoned?: readonly (string | undefined)[]; readonly rewound?: boolean; readonly revision?: string } = {},
): Evidence<string> {
  return {
    kind: "complete",
    items: keys.map((key) => ({ key, value: key, version: "1" })),
    poisoned: (more.poisoned ?? []).map((key) => ({ key, problem: "broken" })),
    revision: more.revision ?? "1",
    rewound: more.rewound ?? false,
  };
}

export const upsert = (key: string, version = "1"): Evidence<string> => ({ kind: "upsert", key, value: key, version });
export const remove = (key: string): Evidence<string> => ({ kind: "delete", key, revision: "1" });
export const failed: Evidence<string> = { kind: "failed", error: { code: "TEST_DOWN", message: "down" } };
export const live: Evidence<string> = { kind: "live" };
export const absent: Evidence<string> = { kind: "absent" };

/** A hold turned by hand, and what it told. */
export interface HoldRig {
  readonly hold: Hold<string>;
  readonly clock: ManualClock;
  readonly audit: readonly AuditLine[];
  readonly changes: readonly AcceptedChange[];
  /** How often it asked for a complete answer. */
  readonly confirms: () => number;
  readonly keys: () => readonly string[];
  readonly withdrawn: () => readonly string[];
}

export function holdRig(options: Partial<HoldOptions<string>> = {}, onConfirm: (hold: Hold<string>) => void = () => {}): HoldRig {
  const clock = new ManualClock();
  const audit: AuditLine[] = [];
  const changes: AcceptedChange[] = [];
  let confirms = 0;
  const hold = createHold<string>(
    { name: "things", ...options },
    {
      clock,
      audit: (line) => audit.push(line),
      onChange: (change) => changes.push(change),
      confirm: () => {
        confirms++;
        onConfirm(hold);
      },
    },
  );
  const keysOf = (only: (item: Accepted<string>) => boolean): string[] =>
    [...hold.accepted.values()]
      .filter(only)
      .map(({ key }) => key)
      .sort();
  return {
    hold,
    clock,
    audit,
    changes,
    confirms: () => confirms,
    keys: () => keysOf(() => true),
    withdrawn: () => keysOf((item) => item.withdrawn),
  };
}

/** `t0`, `t1`… */
export function things(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, at) => `t${from + at}`);
}
