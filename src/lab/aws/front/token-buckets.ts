/** How many calls of a class the account may make: so many at once, and so many a second after that. */
export interface BucketSize {
  readonly burst: number;
  readonly perSecond: number;
}

/** The classes of a service, each with the actions it counts; the first that matches. */
export type BucketClasses = readonly { readonly name: string; readonly actions: RegExp; readonly size: BucketSize }[];

/**
 * The account's token buckets: all clusters, controllers and consoles of an account share them (ELB guide "API throttling"). Sizes of
 * Describe are documented, the others are what the AWS Load Balancer Controller ships with.
 */
export const elbv2Buckets: BucketClasses = [
  { name: "describe", actions: /^Describe/, size: { burst: 40, perSecond: 10 } },
  { name: "targets", actions: /^(Register|Deregister)Targets$/, size: { burst: 20, perSecond: 4 } },
  { name: "write", actions: /./, size: { burst: 20, perSecond: 3 } },
];

export class TokenBuckets {
  readonly #classes: BucketClasses;
  readonly #levels = new Map<string, { tokens: number; atMs: number }>();

  constructor(classes: BucketClasses) {
    this.#classes = classes;
  }

  /** Takes a token for a call of `action`; false when there is none. `nowMs` is monotonic. */
  take(action: string, nowMs: number): boolean {
    const bucket = this.#classes.find(({ actions }) => actions.test(action));
    if (bucket === undefined) return true;
    const { burst, perSecond } = bucket.size;
    const level = this.#levels.get(bucket.name) ?? { tokens: burst, atMs: nowMs };
    const tokens = Math.min(burst, level.tokens + ((nowMs - level.atMs) / 1000) * perSecond);
    const isThere = tokens >= 1;
    this.#levels.set(bucket.name, { tokens: isThere ? tokens - 1 : tokens, atMs: nowMs });
    return isThere;
  }
}
