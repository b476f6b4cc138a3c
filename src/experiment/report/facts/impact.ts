import type { LookFacts, RunFacts } from "./run-facts.ts";

/** A stretch of time in which the steady state was seen not to hold. */
export interface Outage {
  readonly fromMs: number;
  /** Of the next look that met; of the last look where none did. */
  readonly toMs: number;
  readonly isOver: boolean;
  readonly looks: number;
}

/** Looks that missed, one after the other, as one outage each. What was not well before anything was done is none of them. */
export function outagesOf(looks: readonly LookFacts[]): readonly Outage[] {
  const outages: Outage[] = [];
  let begun: { fromMs: number; toMs: number; looks: number } | undefined;
  for (const look of looks) {
    if (look.when === "before") continue;
    if (look.isMet === false) {
      begun ??= { fromMs: look.fromMs, toMs: look.toMs, looks: 0 };
      begun.toMs = Math.max(begun.toMs, look.toMs);
      begun.looks++;
    } else if (begun !== undefined && look.isMet === true) {
      outages.push({ ...begun, toMs: look.fromMs, isOver: true });
      begun = undefined;
    }
  }
  if (begun !== undefined) outages.push({ ...begun, isOver: false });
  return outages;
}

/** How long it took until somebody could know, and until it was well; each from the moment that something was disturbed. */
export interface Detection {
  /** What counts as the disturbance. */
  readonly disturbedBy: string;
  readonly disturbedMs: number;
  /** The steady state was missed already when it was disturbed. */
  readonly wasMissedBefore: boolean;
  /** Milliseconds to the first look that missed; undefined when none did, or one did before. */
  readonly detectMs: number | undefined;
  /** Milliseconds to the look that met again, after the last that missed. */
  readonly mitigateMs: number | undefined;
  /** Milliseconds until everything was put back and was seen to be well. */
  readonly restoreMs: number | undefined;
}

/** Undefined when nothing was disturbed. */
export function detectionOf({ activities, faults, looks }: RunFacts): Detection | undefined {
  const fault = faults.toSorted((one, other) => one.fromMs - other.fromMs)[0];
  const action = activities.find(({ isDisturbance }) => isDisturbance);
  const disturbedMs = fault?.fromMs ?? action?.fromMs;
  if (disturbedMs === undefined) return undefined;
  const since = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : Math.max(0, ms - disturbedMs));
  // What was over before is not its doing, and what was on already cannot be said to be.
  const outages = outagesOf(looks).filter(({ toMs }) => toMs > disturbedMs);
  const last = outages.at(-1);
  const wasMissedBefore = (outages[0]?.fromMs ?? disturbedMs) < disturbedMs;
  const restored = looks.findLast(({ when }) => when === "restored");
  return {
    disturbedBy: fault?.label ?? `action “${action?.name ?? ""}”`,
    disturbedMs,
    wasMissedBefore,
    detectMs: wasMissedBefore ? undefined : since(outages[0]?.fromMs),
    mitigateMs: since(last?.isOver === true ? last.toMs : undefined),
    restoreMs: since(restored?.isMet === true ? restored.toMs : undefined),
  };
}
