import { isDeepStrictEqual } from "node:util";

import type { Clock } from "../../kernel/index.ts";
import type { ObjectProblem } from "../../ingress/index.ts";

/** Tells owners of what is wrong between objects (a Service that is not there), once it has stood for a while. */
export interface StandingProblems {
  /** These are all there are now with the object of this name, as {@link objectOf} calls it. */
  see(object: string, problems: readonly ObjectProblem[]): void;
  /** These are all there are now. */
  seeAll(problems: readonly ObjectProblem[]): void;
  /** All there are, whether told or not. */
  all(): Generator<ObjectProblem>;
}

/** An Ingress is often applied before its Service: what is mended by the rest of the same `kubectl apply` is no news. */
const STANDING_MS = 3_000;
/** A Service that a thousand Ingresses name must not become a thousand Events at once. */
const TOLD_AT_ONCE = 100;

interface Standing {
  readonly problem: ObjectProblem;
  readonly sinceMs: number;
}

export function createStandingProblems(clock: Clock, tell: (problem: ObjectProblem) => void): StandingProblems {
  const standing = new Map<string, readonly Standing[]>();
  /** In the order in which they came. */
  const untold = new Set<Standing>();
  let isArmed = false;

  function arm(): void {
    if (isArmed || untold.size === 0) return;
    isArmed = true;
    clock.timer(STANDING_MS, () => {
      isArmed = false;
      const nowMs = clock.monoMs();
      const due = [...untold].filter(({ sinceMs }) => nowMs - sinceMs >= STANDING_MS);
      for (const entry of due.slice(0, TOLD_AT_ONCE)) {
        untold.delete(entry);
        tell(entry.problem);
      }
      arm();
    });
  }

  function see(object: string, problems: readonly ObjectProblem[]): void {
    const before = standing.get(object) ?? [];
    const now = problems.map((problem) => {
      const known = before.find((entry) => isDeepStrictEqual(entry.problem, problem));
      return known ?? { problem, sinceMs: clock.monoMs() };
    });
    for (const entry of before) if (!now.includes(entry)) untold.delete(entry);
    for (const entry of now) if (!before.includes(entry)) untold.add(entry);
    if (now.length === 0) standing.delete(object);
    else standing.set(object, now);
    arm();
  }

  return {
    see,
    seeAll(problems) {
      const byObject = Map.groupBy(problems, objectOf);
      for (const object of standing.keys()) if (!byObject.has(object)) see(object, []);
      for (const [object, now] of byObject) see(object, now);
    },
    *all() {
      for (const entries of standing.values()) for (const { problem } of entries) yield problem;
    },
  };
}

/** `Ingress shop/web`. */
export function objectOf({ kind, namespace, name }: Pick<ObjectProblem, "kind" | "namespace" | "name">): string {
  return `${kind} ${namespace === "" ? name : `${namespace}/${name}`}`;
}
