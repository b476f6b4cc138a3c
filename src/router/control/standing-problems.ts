import type { Clock } from "../../kernel/index.ts";
import type { ObjectProblem } from "../../ingress/index.ts";

/** Tells owners of what is wrong between objects (a Service that is not there), once it has stood for a while. */
export interface StandingProblems {
  /** These are all there are now. */
  see(problems: readonly ObjectProblem[]): void;
}

/** An Ingress is often applied before its Service: what is mended by the rest of the same `kubectl apply` is no news. */
const STANDING_MS = 3_000;
/** A Service that a thousand Ingresses name must not become a thousand Events at once. */
const TOLD_AT_ONCE = 100;

interface Standing {
  readonly problem: ObjectProblem;
  readonly sinceMs: number;
  isTold: boolean;
}

export function createStandingProblems(clock: Clock, tell: (problem: ObjectProblem) => void): StandingProblems {
  let standing = new Map<string, Standing>();
  let isArmed = false;

  function arm(): void {
    if (isArmed || ![...standing.values()].some(({ isTold }) => !isTold)) return;
    isArmed = true;
    clock.timer(STANDING_MS, () => {
      isArmed = false;
      const nowMs = clock.monoMs();
      const due = [...standing.values()].filter(({ isTold, sinceMs }) => !isTold && nowMs - sinceMs >= STANDING_MS);
      for (const entry of due.slice(0, TOLD_AT_ONCE)) {
        entry.isTold = true;
        tell(entry.problem);
      }
      arm();
    });
  }

  return {
    see(problems) {
      const nowMs = clock.monoMs();
      standing = new Map(
        problems.map((problem) => {
          const key = JSON.stringify(problem);
          return [key, standing.get(key) ?? { problem, sinceMs: nowMs, isTold: false }];
        }),
      );
      arm();
    },
  };
}
