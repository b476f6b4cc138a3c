import { AwsError } from "../wire/aws-error.ts";
import type { Fields } from "../wire/query-input.ts";
import type { AwsWorld } from "../world/world.ts";
import { groupsOf, groupsUsedBy, listenersOf, targetGroup, usersOf } from "./found.ts";
import { integer, structures, text } from "../wire/inputs.ts";
import type { ActionRecord, LoadBalancerRecord } from "./records.ts";
import { limits } from "./account-limits.ts";

const MOST_GROUPS = limits["target-groups-per-action-on-application-load-balancer"];
const MOST_GROUPS_USED = limits["target-groups-per-application-load-balancer"];
const MOST_WEIGHT = 999;
const LAST: ReadonlySet<string> = new Set(["forward", "redirect", "fixed-response"]);

/** What is asked for where actions are created or changed. */
export interface ActionPlace {
  readonly balancer: LoadBalancerRecord;
  readonly listenerProtocol: string;
}

/** Reads actions of a listener or rule, `forward` with its groups always in `ForwardConfig`. Throws AwsError. */
export function readActions(
  world: AwsWorld,
  given: readonly Fields[],
  { balancer, listenerProtocol }: ActionPlace,
): readonly ActionRecord[] {
  const last = given.filter((action) => LAST.has(text(action, "Type") ?? ""));
  if (last.length !== 1) throw new AwsError("ValidationError", "Actions must contain exactly one of forward, redirect and fixed-response");
  const orders = given.map((action) => integer(action, "Order"));
  if (given.length > 1 && orders.includes(undefined)) throw new AwsError("ValidationError", "With several actions each must have an order");
  const actions = given.map(readAction).toSorted((one, other) => (one.Order ?? 1) - (other.Order ?? 1));
  for (const action of actions) check(world, action, balancer, listenerProtocol);
  const used = new Set([...listenersOf(world, balancer.arn).flatMap((one) => [...groupsUsedBy(world, one)]), ...actions.flatMap(groupsOf)]);
  if (used.size > MOST_GROUPS_USED)
    throw new AwsError(
      "TooManyUniqueTargetGroupsPerLoadBalancer",
      `The maximum number of unique target groups of a load balancer has been reached: ${MOST_GROUPS_USED}`,
    );
  const end = actions.at(-1);
  if (end === undefined || !LAST.has(end.Type)) throw new AwsError("ValidationError", "The action that answers must be the last one");
  return actions;
}

function readAction(given: Fields): ActionRecord {
  const type = text(given, "Type") ?? "";
  const { TargetGroupArn: single, ...rest } = given;
  if (type !== "forward") return { ...rest, Type: type };
  const config = given["ForwardConfig"] as Fields | undefined;
  const groups = (config === undefined ? undefined : structures(config, "TargetGroups")) ?? [];
  if (single !== undefined && groups.length > 0 && !(groups.length === 1 && groups[0]?.["TargetGroupArn"] === single))
    throw new AwsError("ValidationError", "A target group ARN and a forward configuration cannot both be specified");
  const all = groups.length > 0 ? groups : [{ TargetGroupArn: single }];
  return {
    ...rest,
    Type: type,
    ForwardConfig: { ...config, TargetGroups: all.map((group) => ({ ...group, Weight: group["Weight"] ?? 1 })) },
  };
}

function check(world: AwsWorld, action: ActionRecord, balancer: LoadBalancerRecord, listenerProtocol: string): void {
  if (balancer.type === "network" && action.Type !== "forward")
    throw new AwsError("InvalidLoadBalancerAction", `Action type '${action.Type}' is not valid with network load balancers`);
  if (action.Type.startsWith("authenticate-") && listenerProtocol !== "HTTPS")
    throw new AwsError("InvalidLoadBalancerAction", `Action type '${action.Type}' is valid only with HTTPS listeners`);
  if (action.Type === "redirect" && action["RedirectConfig"] === undefined)
    throw new AwsError("ValidationError", "A redirect configuration must be specified");
  if (action.Type === "fixed-response" && action["FixedResponseConfig"] === undefined)
    throw new AwsError("ValidationError", "A fixed response configuration must be specified");
  if (action.Type === "redirect" && isCircular(action["RedirectConfig"] as Fields))
    throw new AwsError(
      "InvalidLoadBalancerAction",
      "The redirect configuration is not valid because it creates a circular redirect to the same URI",
    );
  if (action.Type !== "forward") return;
  const groups = groupsOf(action);
  if (groups.length === 0) throw new AwsError("ValidationError", "A target group must be specified");
  if (groups.length > MOST_GROUPS) throw new AwsError("TooManyTargetGroups", `An action can have at most ${MOST_GROUPS} target groups`);
  for (const { Weight: weight } of structures(action["ForwardConfig"] as Fields, "TargetGroups") ?? []) {
    if (typeof weight === "number" && (weight < 0 || weight > MOST_WEIGHT))
      throw new AwsError("ValidationError", `The weight of a target group must be from 0 to ${MOST_WEIGHT}`);
  }
  for (const arn of groups) {
    const group = targetGroup(world, arn);
    if (usersOf(world, arn).some((user) => user !== balancer.arn))
      throw new AwsError(
        "TargetGroupAssociationLimit",
        `The following target groups cannot be associated with more than one load balancer: ${arn}`,
      );
    const isHttp = group.protocol.startsWith("HTTP");
    if (isHttp !== (balancer.type === "application"))
      throw new AwsError(
        "IncompatibleProtocols",
        `The target group protocol '${group.protocol}' is not compatible with the listener protocol '${listenerProtocol}'`,
      );
    if (group.vpcId !== balancer.vpcId)
      throw new AwsError("InvalidConfigurationRequest", `The target group '${arn}' is not in the VPC of the load balancer`);
  }
}

/** Whether all parts of the address stay as they are. */
function isCircular(redirect: Fields): boolean {
  const parts = { Protocol: "#{protocol}", Host: "#{host}", Port: "#{port}", Path: "/#{path}", Query: "#{query}" };
  return Object.entries(parts).every(([name, same]) => (text(redirect, name) ?? same) === same);
}

/** Actions as an answer has them: a single group also stands beside the type. */
export function shownActions(actions: readonly ActionRecord[]): readonly Fields[] {
  return actions.map((action) => {
    const [only, ...more] = groupsOf(action);
    return only === undefined || more.length > 0 ? action : { ...action, TargetGroupArn: only };
  });
}
