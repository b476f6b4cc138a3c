import type { Outcome } from "../record/kill-record.ts";

/** What people are told of one victim. */
export interface Notice {
  readonly isDry: boolean;
  readonly what: "pod" | "instance";
  readonly uid: string;
  readonly outcome: Outcome;
  /** `pod shop/cart-1`. */
  readonly victim: string;
  /** Empty of an instance. */
  readonly namespace: string;
  /** Its name, or the id of an instance. */
  readonly pod: string;
  /** Of what makes it again. */
  readonly owner: { readonly kind: string; readonly name: string };
  readonly atMs: number;
  readonly error: string | undefined;
}

/** `dry run: pod shop/cart-1 would have been killed`. */
export function sentenceOf({ isDry, outcome, victim, error }: Notice): string {
  if (isDry) return `dry run: ${victim} would have been killed; nothing was touched`;
  if (outcome === "killed") return `${victim} was killed`;
  return `${victim} was not killed${error === undefined ? "" : `: ${error}`}`;
}
