import { AwsError } from "../wire/aws-error.ts";
import { texts } from "../wire/inputs.ts";
import type { Fields } from "../wire/query-input.ts";
import type { Step, Write } from "../world/actions.ts";
import { resourceId } from "../world/ids.ts";
import { type AwsWorld, withRecord, withTags } from "../world/world.ts";
import { instance, shownState } from "./instances.ts";
import type { InstanceRecord, InstanceState } from "./records.ts";

/** How long an instance is in the states that it only passes through. */
export interface InstanceTiming {
  readonly bootMs: number;
  readonly stopMs: number;
  readonly terminateMs: number;
}

/** "Usually less than an hour": how long one that is terminated is still described. */
const TERMINATED_SHOWN_MS = 3_600_000;
/** AWS keeps the first four addresses of each subnet. */
const FIRST_ADDRESS = 4;
const USER_REASON = "Client.UserInitiatedShutdown";
const SPOT_REASON = "Server.SpotInstanceTermination";

/** What each action does to each state; undefined: it refuses. */
type Transitions = Readonly<Record<InstanceState, InstanceState | undefined>>;

const TERMINATE: Transitions = {
  pending: "shutting-down",
  running: "shutting-down",
  stopping: "shutting-down",
  stopped: "shutting-down",
  "shutting-down": "shutting-down",
  terminated: "terminated",
};
const STOP: Transitions = {
  pending: undefined,
  running: "stopping",
  stopping: "stopping",
  stopped: "stopped",
  "shutting-down": undefined,
  terminated: undefined,
};
const START: Transitions = {
  pending: "pending",
  running: "running",
  stopping: undefined,
  stopped: "pending",
  "shutting-down": undefined,
  terminated: undefined,
};
const REBOOT: Transitions = { ...STOP, running: "running", stopping: undefined, stopped: undefined };

export const terminateInstances = transition(TERMINATE, "terminated", "TerminatingInstances");
export const stopInstances = transition(STOP, "stopped", "StoppingInstances");
export const startInstances = transition(START, "started", "StartingInstances");
const reboot = transition(REBOOT, "rebooted", "");
export const rebootInstances: Write = (world, call) => ({ world: reboot(world, call).world, output: {} });

/** All of them or, where one refuses, none. */
function transition(transitions: Transitions, participle: string, listName: string): Write {
  return (world, { input, nowMs }) => {
    let next = world;
    const changes: Fields[] = [];
    for (const id of texts(input, "InstanceIds") ?? []) {
      const before = instance(world, id);
      const state = transitions[before.state];
      if (state === undefined)
        throw new AwsError("IncorrectInstanceState", `The instance '${id}' is not in a state from which it can be ${participle}.`);
      if (state === "pending" && before.state !== "pending") mustHaveCapacity(world, before.zone);
      next = withState(next, before, state, nowMs);
      changes.push({ InstanceId: id, PreviousState: shownState(before.state), CurrentState: shownState(state) });
    }
    return { world: next, output: { [listName]: changes } };
  };
}

/** The world with an instance in another state. */
export function withState(
  world: AwsWorld,
  before: InstanceRecord,
  state: InstanceState,
  sinceMs: number,
  leavingReason = USER_REASON,
): AwsWorld {
  if (state === before.state) return world;
  const isLeaving = state === "stopping" || state === "shutting-down";
  const stateReason = isLeaving ? leavingReason : state === "pending" || state === "running" ? undefined : before.stateReason;
  const launchedAtMs = state === "pending" ? sinceMs : before.launchedAtMs;
  return withRecord(world, "instances", before.id, { ...before, state, stateSinceMs: sinceMs, stateReason, launchedAtMs });
}

/** Throws AwsError `InsufficientInstanceCapacity`: nothing starts in a zone that is lost. */
export function mustHaveCapacity(world: AwsWorld, zone: string): void {
  if (world.lostZones.has(zone))
    throw new AwsError(
      "InsufficientInstanceCapacity",
      `We currently do not have sufficient capacity in the Availability Zone you requested (${zone}).`,
      500,
    );
}

export interface NewInstance {
  readonly subnetId: string;
  readonly imageId: string;
  readonly instanceType: string;
  readonly securityGroups: readonly string[];
  readonly tags: ReadonlyMap<string, string>;
}

/** A world with one instance more, `pending`. Throws AwsError where its zone is lost or its subnet full. */
export function launched(world: AwsWorld, { subnetId, tags, ...rest }: NewInstance, nowMs: number): { world: AwsWorld; id: string } {
  const subnet = world.subnets.get(subnetId);
  if (subnet === undefined) throw new AwsError("InvalidSubnetID.NotFound", `The subnet ID '${subnetId}' does not exist`);
  mustHaveCapacity(world, subnet.zone);
  const id = resourceId("i", subnetId, nowMs, world.version, world.instances.size);
  const record: InstanceRecord = {
    id,
    subnetId,
    zone: subnet.zone,
    privateIp: freeAddress(world, subnetId, subnet.cidr),
    state: "pending",
    stateSinceMs: nowMs,
    stateReason: undefined,
    launchedAtMs: nowMs,
    ...rest,
  };
  return { world: withTags(withRecord(world, "instances", id, record), id, tags), id };
}

function freeAddress(world: AwsWorld, subnetId: string, cidr: string): string {
  const [base = "", bits = "32"] = cidr.split("/");
  const first = base.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const used = new Set([...world.instances.values()].filter(({ state }) => state !== "terminated").map(({ privateIp }) => privateIp));
  for (let offset = FIRST_ADDRESS; offset < 2 ** (32 - Number(bits)) - 1; offset++) {
    const address = [24, 16, 8, 0].map((shift) => Math.floor((first + offset) / 2 ** shift) % 256).join(".");
    if (!used.has(address)) return address;
  }
  throw new AwsError("InsufficientFreeAddressesInSubnet", `There are not enough free addresses in subnet '${subnetId}'`);
}

/** Instances come to rest when they have passed through: each at its own moment, however late it is looked at. */
export function instanceStep({ bootMs, stopMs, terminateMs }: InstanceTiming): Step {
  const ends: Readonly<Partial<Record<InstanceState, { readonly to: InstanceState; readonly afterMs: number }>>> = {
    pending: { to: "running", afterMs: bootMs },
    stopping: { to: "stopped", afterMs: stopMs },
    "shutting-down": { to: "terminated", afterMs: terminateMs },
  };
  return (world, nowMs) => {
    let next = world;
    for (const record of world.instances.values()) {
      const end = ends[record.state];
      const { interruptedAtMs = Infinity } = record;
      if (record.state === "running" && interruptedAtMs <= nowMs)
        next = withState(next, record, "shutting-down", interruptedAtMs, SPOT_REASON);
      else if (end !== undefined && nowMs - record.stateSinceMs >= end.afterMs)
        next = withState(next, record, end.to, record.stateSinceMs + end.afterMs);
      else if (record.state === "terminated" && nowMs - record.stateSinceMs >= TERMINATED_SHOWN_MS)
        next = withTags(withRecord(next, "instances", record.id, undefined), record.id, undefined);
    }
    return next;
  };
}
