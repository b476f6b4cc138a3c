import { AwsError } from "../wire/aws-error.ts";
import type { AwsWorld } from "../world/world.ts";
import type { ActionRecord, ListenerRecord, LoadBalancerRecord, RuleRecord, TargetGroupRecord } from "./records.ts";

const KINDS = {
  loadbalancer: "load balancer",
  targetgroup: "target group",
  listener: "listener",
  "listener-rule": "listener rule",
} as const;
type Kind = keyof typeof KINDS;

/** What an ARN is of; undefined where it is none of this service. */
export function kindOf(arn: string): Kind | undefined {
  const kind = /^arn:[^:]*:elasticloadbalancing:[^:]*:[^:]*:([a-z-]+)\//.exec(arn)?.[1];
  return kind !== undefined && Object.hasOwn(KINDS, kind) ? (kind as Kind) : undefined;
}

/** Throws AwsError `ValidationError`: what is no ARN of such a thing cannot be missing. */
export function mustBeArn(kind: Kind, arn: string): void {
  if (kindOf(arn) !== kind) throw new AwsError("ValidationError", `'${arn}' is not a valid ${KINDS[kind]} ARN`);
}

export function loadBalancer(world: AwsWorld, arn: string): LoadBalancerRecord {
  mustBeArn("loadbalancer", arn);
  const found = world.loadBalancers.get(arn);
  if (found === undefined) throw new AwsError("LoadBalancerNotFound", `Load balancer '${arn}' not found`);
  return found;
}

export function targetGroup(world: AwsWorld, arn: string): TargetGroupRecord {
  mustBeArn("targetgroup", arn);
  const found = world.targetGroups.get(arn);
  if (found === undefined) throw new AwsError("TargetGroupNotFound", `Target groups '${arn}' not found`);
  return found;
}

export function listener(world: AwsWorld, arn: string): ListenerRecord {
  mustBeArn("listener", arn);
  const found = world.listeners.get(arn);
  if (found === undefined) throw new AwsError("ListenerNotFound", `Listeners '${arn}' not found`);
  return found;
}

export function rule(world: AwsWorld, arn: string): RuleRecord {
  mustBeArn("listener-rule", arn);
  const found = world.rules.get(arn);
  if (found === undefined) throw new AwsError("RuleNotFound", `Rules '${arn}' not found`);
  return found;
}

export function listenersOf(world: AwsWorld, loadBalancerArn: string): readonly ListenerRecord[] {
  return [...world.listeners.values()].filter((one) => one.loadBalancerArn === loadBalancerArn);
}

export function rulesOf(world: AwsWorld, listenerArn: string): readonly RuleRecord[] {
  return [...world.rules.values()].filter((one) => one.listenerArn === listenerArn).toSorted((one, other) => one.priority - other.priority);
}

/** The groups that a listener's default action and rules forward to. */
export function groupsUsedBy(world: AwsWorld, { arn, defaultActions }: ListenerRecord): ReadonlySet<string> {
  return new Set([...defaultActions, ...rulesOf(world, arn).flatMap(({ actions }) => actions)].flatMap(groupsOf));
}

/** The load balancers that forward to a group, by ARN. */
export function usersOf(world: AwsWorld, targetGroupArn: string): readonly string[] {
  const forwards = (actions: readonly ActionRecord[]): boolean => actions.some((action) => groupsOf(action).includes(targetGroupArn));
  const byDefault = [...world.listeners.values()].filter(({ defaultActions }) => forwards(defaultActions));
  const byRule = [...world.rules.values()]
    .filter(({ actions }) => forwards(actions))
    .map(({ listenerArn }) => listener(world, listenerArn));
  return [...new Set([...byDefault, ...byRule].map(({ loadBalancerArn }) => loadBalancerArn))];
}

export function groupsOf(action: ActionRecord): readonly string[] {
  const config = action["ForwardConfig"] as { readonly TargetGroups?: readonly { readonly TargetGroupArn?: string }[] } | undefined;
  return (config?.TargetGroups ?? []).flatMap(({ TargetGroupArn }) => TargetGroupArn ?? []);
}
