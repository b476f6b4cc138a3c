/** So many hits in so much time: a sliding window. A hit that is refused does not count. */
export interface HitLimit {
  readonly hits: number;
  readonly windowMs: number;
}

/** A bucket that leaks a unit in so much time; what does not fit into it is refused. */
export interface BucketLimit {
  readonly capacity: number;
  readonly emissionMs: number;
  /** What a hit pours in. */
  readonly increment: number;
}

/**
 * What routers count together. An answer is 0 when the hit was counted, or else the milliseconds until one may be; undefined when nobody
 * said so in time. While it is known that nobody would, it comes at once. It never rejects.
 */
export interface SharedLimits {
  hit(key: string, limit: HitLimit): number | undefined | Promise<number | undefined>;
  pour(key: string, limit: BucketLimit): number | undefined | Promise<number | undefined>;
}
