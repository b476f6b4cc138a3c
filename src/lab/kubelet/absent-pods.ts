import type { Clock } from "../../kernel/index.ts";

/** What to do about running pods that a complete list does not name. */
export interface AbsenceVerdict {
  /** Proved gone. */
  readonly gone: readonly string[];
  /** Ask for another complete list after this long; undefined: nothing is in doubt. */
  readonly confirmAfterMs: number | undefined;
}

/** Judges complete lists, one after the other. */
export interface AbsenceJudge {
  complete(running: ReadonlySet<string>, listed: ReadonlySet<string>, rewound: boolean): AbsenceVerdict;
}

const CONFIRM_MS = 2000;
const LARGE_SHRINK_LISTS = 4;
const LARGE_SHRINK_MS = 120_000;

/**
 * A pod that is missing from one complete list keeps running (design, rules 1 and 2): an API server that lost its database
 * lists nothing, completely. Missing from two lists, it is gone; but where more than half of the node's pods (and more than one)
 * would go, or the list is of an older revision than known, it takes four lists that agree over two minutes.
 */
export function createAbsenceJudge(clock: Clock): AbsenceJudge {
  const doubts = new Map<string, { sinceMs: number; lists: number }>();
  return {
    complete(running, listed, rewound) {
      const missing = [...running].filter((uid) => !listed.has(uid));
      for (const uid of doubts.keys()) if (!missing.includes(uid)) doubts.delete(uid);
      const isLarge = rewound || (missing.length > 1 && missing.length * 2 > running.size);
      const nowMs = clock.monoMs();
      const gone = missing.filter((uid) => {
        const doubt = doubts.get(uid) ?? { sinceMs: nowMs, lists: 0 };
        doubt.lists += 1;
        doubts.set(uid, doubt);
        return isLarge ? doubt.lists >= LARGE_SHRINK_LISTS && nowMs - doubt.sinceMs >= LARGE_SHRINK_MS : doubt.lists >= 2;
      });
      for (const uid of gone) doubts.delete(uid);
      const confirmAfterMs = doubts.size === 0 ? undefined : isLarge ? LARGE_SHRINK_MS / (LARGE_SHRINK_LISTS - 1) : CONFIRM_MS;
      return { gone, confirmAfterMs };
    },
  };
}
