import { isIP } from "node:net";
import { AwsError } from "../wire/aws-error.ts";
import type { Fields } from "../wire/query-input.ts";
import type { Read, Write } from "../world/actions.ts";
import type { AwsWorld } from "../world/world.ts";
import { targetGroup, usersOf } from "./found.ts";
import { deregistered, isGone, registered } from "./registrations.ts";
import { integer, requiredText, structures, text } from "../wire/inputs.ts";
import { type TargetGroupRecord, type TargetRecord, targetKey } from "./records.ts";
import { limits } from "./account-limits.ts";

const MOST_TARGETS = limits["targets-per-target-group"];

/** What health checks say of a target. */
export interface SeenHealth {
  readonly state: "initial" | "healthy" | "unhealthy";
  readonly reason?: string;
  readonly description?: string;
}

/** Where health checks are made: the data plane. Undefined for a target it has not heard of yet, `unavailable` while it is not heard itself. */
export type HealthSource = (targetGroupArn: string, key: string) => SeenHealth | "unavailable" | undefined;

export const registerTargets: Write = (world, { input, nowMs }) => {
  const group = targetGroup(world, requiredText(input, "TargetGroupArn"));
  const added = (structures(input, "Targets") ?? []).map((given) => newTarget(world, group, given, nowMs));
  const next = registered(world, group, added);
  if (targetGroup(next, group.arn).targets.size > MOST_TARGETS)
    throw new AwsError("TooManyTargets", `The maximum number of targets has been reached: ${MOST_TARGETS}`);
  return { world: next, output: {} };
};

/** One that is registered on another port stays, and nobody is told. */
export const deregisterTargets: Write = (world, { input, nowMs }) => {
  const group = targetGroup(world, requiredText(input, "TargetGroupArn"));
  const keys = (structures(input, "Targets") ?? []).map((given) =>
    targetKey(requiredText(given, "Id"), integer(given, "Port") ?? group.port),
  );
  return { world: deregistered(world, group, keys, nowMs), output: {} };
};

export function describeTargetHealth(healthOf: HealthSource): Read {
  return (world, { input, nowMs }) => {
    const group = targetGroup(world, requiredText(input, "TargetGroupArn"));
    const asked = structures(input, "Targets")?.map((given) => targetKey(requiredText(given, "Id"), integer(given, "Port") ?? group.port));
    const there = new Map([...group.targets].filter(([, target]) => !isGone(group, target, nowMs)));
    const keys = asked ?? [...there.keys()];
    return {
      TargetHealthDescriptions: keys.map((key) => {
        const target = there.get(key);
        if (target === undefined) return notRegistered(key);
        const health = healthIn(world, group, target, healthOf);
        if (health["State"] === "unavailable")
          throw new AwsError("HealthUnavailable", "The health of the targets could not be retrieved due to an internal error", 500);
        const port = group.healthCheck.port === "traffic-port" ? String(target.port) : group.healthCheck.port;
        return {
          Target: { Id: target.id, Port: target.port, ...(target.zone === undefined ? {} : { AvailabilityZone: target.zone }) },
          HealthCheckPort: port,
          TargetHealth: health,
        };
      }),
    };
  };
}

/** The state of a target as it is described (ELB guide, "Target health status"). */
export function healthIn(world: AwsWorld, group: TargetGroupRecord, target: TargetRecord, healthOf: HealthSource): Fields {
  if (target.drainingSinceMs !== undefined)
    return { State: "draining", Reason: "Target.DeregistrationInProgress", Description: "Target deregistration is in progress" };
  const balancers = usersOf(world, group.arn).flatMap((arn) => world.loadBalancers.get(arn) ?? []);
  if (balancers.length === 0) return unused("NotInUse", "Target group is not configured to receive traffic from the load balancer");
  const zones = new Set(balancers.flatMap(({ subnets }) => subnets.map(({ zone }) => zone)));
  if (target.zone !== undefined && target.zone !== "all" && !zones.has(target.zone))
    return unused("NotInUse", "Target is in an Availability Zone that is not enabled for the load balancer");
  const instance = world.instances.get(target.id);
  if (group.targetType === "instance" && instance?.state !== "running")
    return unused("InvalidState", `Target is in the ${instance?.state ?? "terminated"} state`);
  const seen = healthOf(group.arn, targetKey(target.id, target.port));
  if (seen === "unavailable") return { State: "unavailable", Reason: "Elb.InternalError", Description: "Internal error" };
  if (seen === undefined)
    return { State: "initial", Reason: "Elb.RegistrationInProgress", Description: "Target registration is in progress" };
  return {
    State: seen.state,
    ...(seen.reason === undefined ? {} : { Reason: seen.reason }),
    ...(seen.description === undefined ? {} : { Description: seen.description }),
  };
}

function unused(reason: string, description: string): Fields {
  return { State: "unused", Reason: `Target.${reason}`, Description: description };
}

function notRegistered(key: string): Fields {
  const at = key.lastIndexOf(":");
  const target = { Id: key.slice(0, at), Port: Number(key.slice(at + 1)) };
  return {
    Target: target,
    TargetHealth: { State: "unused", Reason: "Target.NotRegistered", Description: "Target is not registered to the target group" },
  };
}

function newTarget(world: AwsWorld, group: TargetGroupRecord, given: Fields, nowMs: number): TargetRecord {
  const id = requiredText(given, "Id");
  const port = integer(given, "Port") ?? group.port;
  const base = { id, port, registeredAtMs: nowMs, drainingSinceMs: undefined };
  if (group.targetType === "ip") {
    if (isIP(id) === 0) throw new AwsError("ValidationError", `The IP address '${id}' is not a valid IPv4 or IPv6 address`);
    const zone = text(given, "AvailabilityZone");
    return { ...base, zone: zone ?? zoneOfAddress(world, group.vpcId, id) };
  }
  const instance = world.instances.get(id);
  if (instance === undefined) throw new AwsError("InvalidTarget", `The following targets are not found: '${id}'`);
  if (instance.state !== "running")
    throw new AwsError("InvalidTarget", `The following targets are not in a running state and cannot be registered: '${id}'`);
  if (world.subnets.get(instance.subnetId)?.vpcId !== group.vpcId)
    throw new AwsError("InvalidTarget", `The following targets are not in the target group VPC '${group.vpcId}': '${id}'`);
  return { ...base, zone: instance.zone };
}

/** Throws AwsError: an address outside of the VPC has to be said to be in `all` zones. */
function zoneOfAddress(world: AwsWorld, vpcId: string, address: string): string {
  const found = [...world.subnets.values()].find((subnet) => subnet.vpcId === vpcId && isIn(address, subnet.cidr));
  if (found === undefined)
    throw new AwsError(
      "ValidationError",
      `The IP address '${address}' is not within the VPC '${vpcId}'; give AvailabilityZone 'all' for one outside of it`,
    );
  return found.zone;
}

function isIn(address: string, cidr: string): boolean {
  const [base = "", bits = "32"] = cidr.split("/");
  const number = (text: string): number => text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  return Math.floor(number(address) / size) === Math.floor(number(base) / size);
}
