import type { Json } from "../document/json.ts";

export type Rounding = "down" | "nearest" | "up";

/** How many victims: a number, or a share of those that there are. */
export type Amount = { readonly count: number } | { readonly percent: number; readonly rounding: Rounding };

/** `2`, or `"30%"`; undefined for anything else. A share is rounded down unless told otherwise: 30% of 5 is 1. */
export function readAmount(value: Json | undefined, rounding: Rounding = "down"): Amount | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0 ? { count: value } : undefined;
  const percent = typeof value === "string" ? /^(\d{1,3}(?:\.\d+)?)%$/.exec(value)?.[1] : undefined;
  return percent === undefined || Number(percent) > 100 ? undefined : { percent: Number(percent), rounding };
}

/** Of `all` so many; never more than there are. */
export function amountOf(amount: Amount, all: number): number {
  if ("count" in amount) return Math.min(amount.count, all);
  // In hundredths first: 0.07 * 100 is more than 7.
  const exact = (amount.percent * all) / 100;
  const round = { down: Math.floor, nearest: Math.round, up: Math.ceil }[amount.rounding];
  return Math.min(all, round(exact));
}

/** `2`, `30% (rounded down)`. */
export function amountText(amount: Amount): string {
  return "count" in amount ? String(amount.count) : `${amount.percent}% (rounded ${amount.rounding})`;
}
