/** A removal that waits, and what would let it happen; shown as the router shows what it holds. */
export interface HeldRemoval {
  readonly id: string;
  readonly kind: string;
  /** What stays meanwhile. */
  readonly keys: readonly string[];
  readonly sinceMs: number;
  readonly reason: string;
  /** What was observed, oldest first. */
  readonly evidence: readonly { readonly atMs: number; readonly said: string }[];
  /** What would let it happen, in words. */
  readonly releasedBy: string;
}
