import { createHash } from "node:crypto";
import { AwsError } from "../wire/aws-error.ts";
import type { Fields } from "../wire/query-input.ts";
import type { Read, Write } from "../world/actions.ts";
import { type AwsWorld, withRecord } from "../world/world.ts";
import { listener, listenersOf, loadBalancer, rule, rulesOf } from "./found.ts";
import { integer, requiredText, structures, text, texts } from "../wire/inputs.ts";
import { page } from "./paging.ts";
import { type ActionPlace, readActions, shownActions } from "./listener-actions.ts";
import type { ListenerRecord, RuleRecord } from "./records.ts";
import { readConditions } from "./rule-conditions.ts";
import { tagsIn } from "./tags.ts";
import { limits } from "./account-limits.ts";

const MOST_RULES = limits["rules-per-application-load-balancer"];

export const describeRules: Read = (world, { input }) => {
  const arns = texts(input, "RuleArns");
  const listenerArn = text(input, "ListenerArn");
  if ((arns === undefined) === (listenerArn === undefined))
    throw new AwsError("ValidationError", "You must specify either rule ARNs or a listener ARN");
  const wanted = arns?.map((arn) => shownByArn(world, arn)) ?? rulesAndDefault(world, listener(world, listenerArn ?? ""));
  const { page: rules, nextMarker } = page(wanted, ({ RuleArn }) => String(RuleArn), input);
  return { Rules: rules, ...(nextMarker === undefined ? {} : { NextMarker: nextMarker }) };
};

function rulesAndDefault(world: AwsWorld, of: ListenerRecord): readonly Fields[] {
  return [...rulesOf(world, of.arn).map(shown), shownDefault(of)];
}

function shownByArn(world: AwsWorld, arn: string): Fields {
  const of = listenerOfDefault(world, arn);
  return of === undefined ? shown(rule(world, arn)) : shownDefault(of);
}

function shownDefault(of: ListenerRecord): Fields {
  return {
    RuleArn: defaultRuleArn(of),
    Priority: "default",
    Conditions: [],
    Actions: shownActions(of.defaultActions),
    IsDefault: true,
  };
}

function defaultRuleArn(of: ListenerRecord): string {
  return `${ruleArnBase(of)}/default`;
}

/** The listener whose default rule it is. */
function listenerOfDefault(world: AwsWorld, ruleArn: string): ListenerRecord | undefined {
  return [...world.listeners.values()].find((one) => defaultRuleArn(one) === ruleArn);
}

/** A rule that may be changed: the default one is, with its listener. */
function changeable(world: AwsWorld, arn: string): RuleRecord {
  if (listenerOfDefault(world, arn) !== undefined)
    throw new AwsError("OperationNotPermitted", `Default rule '${arn}' cannot be changed or deleted by itself`);
  return rule(world, arn);
}

export const createRule: Write = (world, { input, nowMs }) => {
  const of = listener(world, requiredText(input, "ListenerArn"));
  const priority = integer(input, "Priority") ?? 0;
  const others = listenersOf(world, of.loadBalancerArn).flatMap(({ arn }) => rulesOf(world, arn));
  if (others.some((one) => one.listenerArn === of.arn && one.priority === priority))
    throw new AwsError("PriorityInUse", `Priority '${priority}' is currently in use`);
  if (others.length >= MOST_RULES) throw new AwsError("TooManyRules", `The maximum number of rules has been reached: ${MOST_RULES}`);
  const id = createHash("sha256").update(`${of.arn} ${priority} ${nowMs} ${world.version}`).digest("hex").slice(0, 16);
  const record: RuleRecord = {
    arn: `${ruleArnBase(of)}/${id}`,
    listenerArn: of.arn,
    priority,
    conditions: readConditions(structures(input, "Conditions") ?? []),
    actions: readActions(world, structures(input, "Actions") ?? [], placeOf(world, of)),
  };
  const next = withRecord(withRecord(world, "rules", record.arn, record), "tags", record.arn, tagsIn(input));
  return { world: next, output: { Rules: [shown(record)] } };
};

export const modifyRule: Write = (world, { input }) => {
  const before = changeable(world, requiredText(input, "RuleArn"));
  const conditions = structures(input, "Conditions");
  const actions = structures(input, "Actions");
  const record: RuleRecord = {
    ...before,
    conditions: conditions === undefined ? before.conditions : readConditions(conditions),
    actions: actions === undefined ? before.actions : readActions(world, actions, placeOf(world, listener(world, before.listenerArn))),
  };
  return { world: withRecord(world, "rules", record.arn, record), output: { Rules: [shown(record)] } };
};

export const deleteRule: Write = (world, { input }) => {
  const { arn } = changeable(world, requiredText(input, "RuleArn"));
  return { world: withRecord(withRecord(world, "rules", arn, undefined), "tags", arn, undefined), output: {} };
};

/** All at once: the priorities of several rules may change places. */
export const setRulePriorities: Write = (world, { input }) => {
  let next = world;
  const changed = (structures(input, "RulePriorities") ?? []).map((pair) => {
    const record = { ...changeable(world, requiredText(pair, "RuleArn")), priority: integer(pair, "Priority") ?? 0 };
    next = withRecord(next, "rules", record.arn, record);
    return record;
  });
  for (const { listenerArn, priority } of changed) {
    if (rulesOf(next, listenerArn).filter((one) => one.priority === priority).length > 1)
      throw new AwsError("PriorityInUse", `Priority '${priority}' is currently in use`);
  }
  return { world: next, output: { Rules: changed.map(shown) } };
};

function placeOf(world: AwsWorld, { loadBalancerArn, protocol }: ListenerRecord): ActionPlace {
  const balancer = loadBalancer(world, loadBalancerArn);
  if (balancer.type === "network") throw new AwsError("UnsupportedProtocol", "Rules are not supported by network load balancers");
  return { balancer, listenerProtocol: protocol };
}

function ruleArnBase({ arn }: ListenerRecord): string {
  return arn.replace(":listener/", ":listener-rule/");
}

function shown(record: RuleRecord): Fields {
  return {
    RuleArn: record.arn,
    Priority: String(record.priority),
    Conditions: record.conditions,
    Actions: shownActions(record.actions),
    IsDefault: false,
  };
}
