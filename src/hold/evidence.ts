/** One thing as its source has it. */
export interface EvidenceItem<T> {
  readonly key: string;
  readonly value: T;
  /** Differs whenever the value does; equal versions are not looked at again. */
  readonly version: string;
}

/**
 * What a source said, with its worth. `complete` names everything there is; `delete` comes only from a source that follows every change;
 * `absent` says that the source itself is not installed, which is no more than a complete answer of nothing. The other kinds never remove.
 */
export type Evidence<T> =
  | {
      readonly kind: "complete";
      readonly items: readonly EvidenceItem<T>[];
      /** Things that are there but could not be read; without a key nobody knows which, and the answer proves no removal. */
      readonly poisoned: readonly { readonly key: string | undefined; readonly problem: string }[];
      readonly revision: string;
      /** The source went back in time. */
      readonly rewound: boolean;
    }
  | ({ readonly kind: "upsert" } & EvidenceItem<T>)
  | { readonly kind: "delete"; readonly key: string; readonly revision: string }
  | { readonly kind: "poisoned"; readonly key: string | undefined; readonly problem: string }
  | { readonly kind: "failed"; readonly error: { readonly code: string; readonly message: string } }
  | { readonly kind: "live" }
  | { readonly kind: "absent" };
