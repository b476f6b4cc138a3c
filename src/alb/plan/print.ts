import type { Observed } from "./observed.ts";
import type { Plan } from "./plan-result.ts";
import { type RemoveStep, type Step, removedKeys } from "./step.ts";
import { stepText } from "./step-text.ts";

/** A removal that waits: keys as `removedKeys` gives them, why, and what would let it go. */
export interface PrintedHold {
  readonly id: string;
  readonly keys: readonly string[];
  readonly reason: string;
  readonly releasedBy: string;
}

export interface PrintContext {
  /** What certificates are for, by ARN. */
  readonly certificates: ReadonlyMap<string, readonly string[]>;
  readonly observed: Observed;
  /** Whom each load balancer serves, by its name. */
  readonly owners: ReadonlyMap<string, readonly string[]>;
  readonly held: readonly PrintedHold[];
}

/** A plan as programs read it: `holdfast alb --dry-run --json`. */
export interface PlanView {
  readonly loadBalancers: readonly PlannedLoadBalancer[];
  readonly counts: Readonly<Record<Step["effect"] | "held", number>>;
}

export interface PlannedLoadBalancer {
  readonly name: string;
  readonly owners: readonly string[];
  readonly steps: readonly PlannedStep[];
  readonly notes: readonly string[];
}

export interface PlannedStep {
  readonly effect: Step["effect"];
  readonly type: Step["type"];
  readonly text: string;
  /** Undefined when it is done next. */
  readonly held: { readonly id: string; readonly reason: string; readonly releasedBy: string } | undefined;
}

const SIGNS: Readonly<Record<Step["effect"], string>> = { add: "+", change: "~", remove: "-" };

export function planView({ steps, notes }: Plan, { certificates, observed, owners, held }: PrintContext): PlanView {
  const names = [...new Set([...steps, ...notes].map(({ name }) => name))].toSorted();
  const loadBalancers = names.map((name): PlannedLoadBalancer => {
    const stack = observed.stacks.get(name);
    const words = stack === undefined ? { certificates } : { certificates, stack };
    return {
      name,
      owners: owners.get(name) ?? [],
      steps: steps
        .filter((step) => step.name === name)
        .map((step) => ({
          effect: step.effect,
          type: step.type,
          text: stepText(step, words),
          held: step.effect === "remove" ? holdOf(step, held) : undefined,
        })),
      notes: notes.filter((note) => note.name === name).map(({ why }) => why),
    };
  });
  const count = (effect: Step["effect"]): number => steps.filter((step) => step.effect === effect).length;
  const waiting = loadBalancers.flatMap(({ steps: planned }) => planned.filter((step) => step.held !== undefined)).length;
  return { loadBalancers, counts: { add: count("add"), change: count("change"), remove: count("remove"), held: waiting } };
}

/** A plan as people read it: what comes (+), changes (~) and goes (-) at each load balancer, and what cannot be told (!). */
export function planText({ loadBalancers, counts }: PlanView): string {
  if (loadBalancers.length === 0) return "Nothing to do: all load balancers are as they should be.\n";
  const lines = loadBalancers.flatMap(({ name, owners, steps, notes }) => [
    `${name}${owners.length === 0 ? " (nobody needs it)" : ` for ${ownersText(owners)}`}`,
    ...steps.flatMap(({ effect, text, held }) => [
      `  ${SIGNS[effect]} ${text}`,
      ...(held === undefined ? [] : [`      held (${held.id}): ${held.reason}; ${held.releasedBy}`]),
    ]),
    ...notes.map((note) => `  ! ${note}`),
    "",
  ]);
  const { add, change, remove, held } = counts;
  return `${lines.join("\n")}\n${add} to add, ${change} to change, ${remove} to remove${held > 0 ? `, of which ${held} held` : ""}.\n`;
}

function holdOf(step: RemoveStep, held: readonly PrintedHold[]): PlannedStep["held"] {
  const keys = new Set(removedKeys(step));
  const found = held.find((hold) => hold.keys.some((key) => keys.has(key)));
  return found === undefined ? undefined : { id: found.id, reason: found.reason, releasedBy: found.releasedBy };
}

function ownersText(owners: readonly string[]): string {
  const [first, second, third, ...others] = owners;
  const named = [first, second, third].filter((owner) => owner !== undefined).join(", ");
  return others.length === 0 ? named : `${named} and ${others.length} more`;
}
