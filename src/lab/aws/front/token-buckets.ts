/** How many calls of a class the account may make: so many at once, and so many a second after that. */
export interface BucketSize {
  readonly burst: number;
  readonly perSecond: number;
}

/** The classes of a service, each with the actions it counts; the first that matches. */
export type BucketClasses = readonly { readonly name: string; readonly actions: RegExp; readonly size: BucketSize }[];

/** Of one action: a service that counts each for itself. */
const each = (size: BucketSize, ...actions: readonly string[]): BucketClasses =>
  actions.map((name) => ({ name, actions: new RegExp(`^${name}$`), size }));
const readsAndWrites = (reads: BucketSize, writes: BucketSize): BucketClasses => [
  { name: "reads", actions: /^(Describe|Get|List)/, size: reads },
  { name: "writes", actions: /./, size: writes },
];

/**
 * The account's token buckets, by the service in the scope of signatures: all clusters, controllers and consoles of an account share them.
 * Documented: Describe of Elastic Load Balancing (guide, "API throttling"), EC2 (guide, "Request throttling"), ACM (guide, "Quotas").
 * The rest of Elastic Load Balancing's, and WAF's, are what the AWS Load Balancer Controller ships with. Of Auto Scaling, IAM, STS and CloudWatch
 * nothing is documented, and theirs are assumed.
 */
const bucketClasses: ReadonlyMap<string, BucketClasses> = new Map([
  [
    "elasticloadbalancing",
    [
      { name: "describe", actions: /^Describe/, size: { burst: 40, perSecond: 10 } },
      { name: "targets", actions: /^(Register|Deregister)Targets$/, size: { burst: 20, perSecond: 4 } },
      { name: "write", actions: /./, size: { burst: 20, perSecond: 3 } },
    ],
  ],
  ["ec2", readsAndWrites({ burst: 100, perSecond: 20 }, { burst: 50, perSecond: 5 })],
  ["autoscaling", readsAndWrites({ burst: 20, perSecond: 10 }, { burst: 10, perSecond: 3 })],
  [
    "acm",
    [
      // How many at once it does not say: two callers a moment apart are no reason to throttle.
      ...each({ burst: 2, perSecond: 1 }, "ListCertificates", "ImportCertificate"),
      ...each({ burst: 10, perSecond: 10 }, "DescribeCertificate", "ListTagsForCertificate", "DeleteCertificate"),
      ...each({ burst: 5, perSecond: 5 }, "AddTagsToCertificate"),
    ],
  ],
  ["iam", readsAndWrites({ burst: 20, perSecond: 10 }, { burst: 10, perSecond: 3 })],
  ["sts", readsAndWrites({ burst: 100, perSecond: 50 }, { burst: 100, perSecond: 50 })],
  [
    "wafv2",
    [
      ...each({ burst: 1, perSecond: 1 }, "GetWebACL", "GetWebACLForResource"),
      ...each({ burst: 1, perSecond: 0.5 }, "AssociateWebACL", "DisassociateWebACL"),
    ],
  ],
  ["monitoring", readsAndWrites({ burst: 50, perSecond: 50 }, { burst: 10, perSecond: 3 })],
]);

/** Full ones, for an account. */
export function tokenBuckets(): ReadonlyMap<string, TokenBuckets> {
  return new Map([...bucketClasses].map(([service, classes]) => [service, new TokenBuckets(classes)]));
}

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
