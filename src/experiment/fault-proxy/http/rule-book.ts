import type { Random } from "../../../kernel/index.ts";
import { Refused } from "../control/refused.ts";
import { readRule } from "./read-rule.ts";
import type { RequestFacts } from "./request-facts.ts";
import { type Rule, matches } from "./rule.ts";

const MOST_RULES = 64;

/** A rule with what it saw: how many requests matched, and how many of them it took. */
export interface CountedRule {
  readonly rule: Rule;
  seen: number;
  taken: number;
}

/** The rules of one proxy, in the order in which they were set; the first that takes a request is the one that breaks it. */
export class RuleBook {
  readonly #random: Random;
  #rules: CountedRule[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  all(): readonly CountedRule[] {
    return this.#rules;
  }

  /** Throws {@link Refused}. */
  add(body: unknown): CountedRule {
    const rule = readRule(body);
    if (this.#rules.some((other) => other.rule.name === rule.name)) throw new Refused(409, "rule already exists");
    if (this.#rules.length >= MOST_RULES) throw new Refused(400, `a proxy has at most ${MOST_RULES} rules; remove one first`);
    const counted = { rule, seen: 0, taken: 0 };
    this.#rules.push(counted);
    return counted;
  }

  /** Throws {@link Refused} with 404. */
  get(name: string): CountedRule {
    const found = this.#rules.find(({ rule }) => rule.name === name);
    if (found === undefined) throw new Refused(404, "rule not found");
    return found;
  }

  remove(name: string): void {
    const found = this.get(name);
    this.#rules = this.#rules.filter((other) => other !== found);
  }

  clear(): void {
    this.#rules = [];
  }

  /** The rule that takes this request, counted. */
  take(facts: RequestFacts): Rule | undefined {
    for (const counted of this.#rules) {
      const { rule } = counted;
      if (!matches(rule.match, facts)) continue;
      // What is about watches is about nothing else.
      if (rule.fault.type === "watch" && facts.kube?.verb !== "watch") continue;
      counted.seen += 1;
      if (counted.seen <= rule.skip || (rule.count !== null && counted.taken >= rule.count)) continue;
      if (rule.share < 1 && this.#random.next() >= rule.share) continue;
      counted.taken += 1;
      return rule;
    }
    return undefined;
  }
}
