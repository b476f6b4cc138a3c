import { AppError } from "../kernel/index.ts";

/** How many things may go in a time without more proof: at most the greater of `count` and `share` of all. */
export interface Budget {
  readonly count: number;
  /** 0 to 1. */
  readonly share: number;
  readonly windowMs: number;
}

/** Proof that a removal needs: so many complete answers in a row that agree, over so much time during which the source was live. */
export interface Proof {
  readonly confirmations: number;
  readonly holdMs: number;
}

/** When a removal is believed (design, rules 2 and 3). */
export interface HoldPolicy {
  /** For things missing from complete answers, while `missingBudget` covers all of them and they are at most half of what there is. */
  readonly small: Proof;
  /** For all else. */
  readonly large: Proof;
  /** For things missing from the answer of a source that went back in time. */
  readonly rewound: Proof;
  readonly missingBudget: Budget;
  /** For explicit deletes, which need no further proof; those beyond it are held. */
  readonly deleteBudget: Budget;
  /** What becomes of a thing while its removal is held: it stays as it is, or it is marked withdrawn. */
  readonly unproven: "keep" | "withdraw";
}

export const HOLD_POLICY_DEFAULTS: HoldPolicy = Object.freeze({
  small: { confirmations: 2, holdMs: 2_000 },
  large: { confirmations: 5, holdMs: 300_000 },
  rewound: { confirmations: 10, holdMs: 3_600_000 },
  missingBudget: { count: 3, share: 0.1, windowMs: 60_000 },
  deleteBudget: { count: 20, share: 0.2, windowMs: 60_000 },
  unproven: "keep",
});

/** Fills in the defaults and checks the numbers. Throws HOLD_POLICY. */
export function completePolicy(policy: Partial<HoldPolicy>): HoldPolicy {
  const whole = { ...HOLD_POLICY_DEFAULTS, ...policy };
  for (const name of ["small", "large", "rewound"] as const) {
    const { confirmations, holdMs } = whole[name];
    if (!Number.isInteger(confirmations) || confirmations < 2)
      throw bad(`${name}.confirmations is ${confirmations}; give a whole number of at least 2`);
    if (!(holdMs >= 0)) throw bad(`${name}.holdMs is ${holdMs}; give milliseconds`);
  }
  for (const name of ["missingBudget", "deleteBudget"] as const) {
    const { count, share, windowMs } = whole[name];
    if (!(count >= 0) || !(share >= 0 && share <= 1) || !(windowMs > 0))
      throw bad(`${name} needs count >= 0, share from 0 to 1 and windowMs > 0`);
  }
  return whole;
}

function bad(what: string): AppError {
  return new AppError("HOLD_POLICY", `hold policy: ${what}`);
}
