/** A removal that waits for proof, as /held tells it. */
export interface HeldRemoval {
  readonly id: string;
  readonly kind: string;
  /** Of the things that stay meanwhile: `namespace/name` of objects. */
  readonly keys: readonly string[];
  readonly sinceMs: number;
  readonly reason: string;
  /** What was observed, oldest first. */
  readonly evidence: readonly { readonly atMs: number; readonly said: string }[];
  /** What would let it through, in words. */
  readonly releasedBy: string;
}

/** A decision of a person on a held removal. */
export interface HoldDecision {
  readonly verb: "approve" | "reject";
  readonly id: string;
  readonly principal: string;
  /** How long the decision stands. */
  readonly ttlSeconds: number;
  readonly reason: string;
}

/** `/held`. */
export interface HeldView {
  readonly held: readonly (Omit<HeldRemoval, "sinceMs" | "evidence"> & {
    readonly since: string;
    readonly sinceSeconds: number;
    readonly evidence: readonly { readonly at: string; readonly said: string }[];
  })[];
  /** How old this is: more than a second or two when what holds does not run. */
  readonly asOfSeconds: number | null;
}

/** `asOfMs`: how long ago `held` was said; undefined when nothing was said yet. */
export function heldView(held: readonly HeldRemoval[], asOfMs: number | undefined, nowMs: number): HeldView {
  return {
    held: held.map(({ sinceMs, evidence, ...removal }) => ({
      ...removal,
      evidence: evidence.map(({ atMs, said }) => ({ at: new Date(atMs).toISOString(), said })),
      since: new Date(sinceMs).toISOString(),
      sinceSeconds: seconds(Math.max(0, nowMs - sinceMs)),
    })),
    asOfSeconds: asOfMs === undefined ? null : seconds(asOfMs),
  };
}

function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}
