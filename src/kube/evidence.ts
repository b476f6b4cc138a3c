import type { AppError } from "../kernel/index.ts";
import type { PoisonedItem } from "./decode.ts";

/** One object as its source has it. */
export interface EvidenceItem<T> {
  /** `namespace/name`, or `name`. */
  readonly key: string;
  readonly value: T;
  /** Differs whenever the object does. */
  readonly version: string;
}

/**
 * What a source said, and what may be concluded from it (design, rules 1 to 7). Shaped like the `Evidence` of `src/hold`, which takes it as it is.
 * Only `complete` and `delete` can ever lead to a removal.
 */
export type KubeEvidence<T> =
  /** Every object there is at `revision`. `rewound`: an earlier answer had a higher revision (etcd restored from a backup, another cluster). */
  | {
      readonly kind: "complete";
      readonly items: readonly EvidenceItem<T>[];
      readonly poisoned: readonly PoisonedItem[];
      readonly revision: string;
      readonly rewound: boolean;
    }
  | ({ readonly kind: "upsert" } & EvidenceItem<T>)
  /** A DELETED event of a watch that follows a complete list without a gap. */
  | { readonly kind: "delete"; readonly key: string; readonly revision: string }
  /** An object that could not be read, in a list or a watch; its last good version stays. */
  | { readonly kind: "poisoned"; readonly key: string | undefined; readonly problem: string }
  /** The source cannot be heard: no change. */
  | { readonly kind: "failed"; readonly error: AppError }
  /** It can be heard again, and nothing was missed. */
  | { readonly kind: "live" }
  /** Discovery says that the kind is not installed. */
  | { readonly kind: "absent" };

/** True when `revision` is older than `other`; false when they cannot be compared (KEP-5504: decimal numbers, compared as such). */
export function isOlderRevision(revision: string, other: string): boolean {
  if (!/^[0-9]{1,20}$/.test(revision) || !/^[0-9]{1,20}$/.test(other)) return false;
  return BigInt(revision) < BigInt(other);
}
