/**
 * What can go wrong with one call of the cloud's API. Those of the first group are answered before anything is done, those of the second do
 * something else than they say, those of the third are done and answered wrongly.
 */
export type Fault =
  | { readonly kind: "throttle" }
  | { readonly kind: "error"; readonly status: number; readonly code: string; readonly message?: string }
  | { readonly kind: "reset" }
  | { readonly kind: "hang" }
  /** Reads see the account as it was so long ago. */
  | { readonly kind: "stale"; readonly ageMs: number }
  /** A write says that it is done, and is not. */
  | { readonly kind: "no-effect" }
  /** Done, and the connection is reset before the answer. */
  | { readonly kind: "lose-answer" }
  /** Done, and answered with 500. */
  | { readonly kind: "fail-after" }
  /** 200 with these bytes in place of the answer. */
  | { readonly kind: "body"; readonly body: "empty" | "html" | "truncated" | "json-object" | "other-action" }
  /** The outermost lists of the answer without some of their entries and without a word of it. */
  | { readonly kind: "short-list"; readonly keep: "none" | "half" }
  /** The answer lacks its outermost lists. */
  | { readonly kind: "no-list" }
  /** Every field of this name is left out of the answer. */
  | { readonly kind: "missing-field"; readonly field: string }
  /** The outermost lists of the answer have one entry more, of something that is not there. */
  | { readonly kind: "phantom" }
  /** The token of the page that was asked for, again; where the action has pages. */
  | { readonly kind: "same-token" }
  /** A state that no document names. */
  | { readonly kind: "unknown-enum" };

/** Which calls a fault meets. */
export interface FaultRule {
  readonly id: string;
  /** The service in the scope of the signature; any when left out. */
  readonly service?: string;
  /** `DescribeTargetGroups`, `Describe*`, `*`. */
  readonly action: string;
  /** From the so-many-th such call since the rule was set, counted from 1, */
  readonly from: number;
  /** so many of them; Infinity until it is taken away. */
  readonly count: number;
  /** Of those every so-many-th only; 1 meets all. */
  readonly every?: number;
  readonly fault: Fault;
}

/** The rules in force, and what they met. */
export class FaultScript {
  readonly #rules: { readonly rule: FaultRule; readonly matches: RegExp; seen: number; met: number }[] = [];

  add(rule: FaultRule): void {
    const pattern = rule.action.replaceAll(/[^A-Za-z0-9*]/g, "").replaceAll("*", ".*");
    this.#rules.push({ rule, matches: new RegExp(`^${pattern}$`), seen: 0, met: 0 });
  }

  /** Whether there was one. */
  remove(id: string): boolean {
    const at = this.#rules.findIndex(({ rule }) => rule.id === id);
    if (at >= 0) this.#rules.splice(at, 1);
    return at >= 0;
  }

  clear(): void {
    this.#rules.length = 0;
  }

  /** The fault that this call meets: that of the first rule that has one for it. All rules count it. */
  meet(service: string, action: string): Fault | undefined {
    let met: Fault | undefined;
    for (const entry of this.#rules) {
      const { rule } = entry;
      if ((rule.service !== undefined && rule.service !== service) || !entry.matches.test(action)) continue;
      entry.seen++;
      if (met !== undefined || entry.seen < rule.from || entry.seen >= rule.from + rule.count) continue;
      if ((entry.seen - rule.from) % (rule.every ?? 1) !== 0) continue;
      entry.met++;
      met = rule.fault;
    }
    return met;
  }

  /** The proof that faults were injected: how many calls each rule saw and met. */
  witness(): readonly { readonly rule: FaultRule; readonly seen: number; readonly met: number }[] {
    return this.#rules.map(({ rule, seen, met }) => ({ rule, seen, met }));
  }
}
