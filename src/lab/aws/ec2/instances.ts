import { AwsError } from "../wire/aws-error.ts";
import { flag, integer, texts } from "../wire/inputs.ts";
import type { Fields } from "../wire/query-input.ts";
import type { ActionCall, Read } from "../world/actions.ts";
import { resourceId } from "../world/ids.ts";
import type { AwsWorld } from "../world/world.ts";
import { type Describable, described, nextToken, shownTags } from "./describing.ts";
import { zoneIdOf } from "./network.ts";
import type { InstanceRecord, InstanceState } from "./records.ts";

const LEAST_PAGE = 5;
const STATE_CODES: Readonly<Record<InstanceState, number>> = {
  pending: 0,
  running: 16,
  "shutting-down": 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

const REASONS: Readonly<Record<string, string>> = {
  "Client.UserInitiatedShutdown": "User initiated shutdown",
  "Server.SpotInstanceTermination": "Spot instance termination",
};

export const describeInstances: Read = (world, call) => {
  const page = described(world, checkedPage(call.input), instancesOf(world));
  const reservations = page.page.map((instance) => ({
    ReservationId: resourceId("r", instance.id),
    OwnerId: call.account,
    Groups: [],
    Instances: [shown(world, call, instance)],
  }));
  return { Reservations: reservations, ...nextToken(page) };
};

/** Only of those that run, unless all are asked for. */
export const describeInstanceStatus: Read = (world, { input }) => {
  const isAll = flag(input, "IncludeAllInstances") ?? false;
  const all = instancesOf(world);
  for (const id of texts(input, "InstanceIds") ?? []) if (!world.instances.has(id)) throw all.notFound(id);
  const records = new Map([...world.instances].filter(([, { state }]) => isAll || state === "running"));
  const asked = texts(input, "InstanceIds")?.filter((id) => records.has(id));
  if (asked?.length === 0) return { InstanceStatuses: [] };
  const page = described(world, { ...checkedPage(input), InstanceIds: asked }, { ...all, records });
  const statuses = page.page.map((instance) => {
    const status = statusOf(world, instance);
    const details = [{ Name: "reachability", Status: status === "ok" ? "passed" : status === "impaired" ? "failed" : undefined }];
    const summary = { Status: status, Details: status === "not-applicable" ? [] : details };
    return {
      InstanceId: instance.id,
      AvailabilityZone: instance.zone,
      AvailabilityZoneId: zoneIdOf(instance.zone),
      InstanceState: shownState(instance.state),
      InstanceStatus: summary,
      SystemStatus: summary,
      Events: [],
    };
  });
  return { InstanceStatuses: statuses, ...nextToken(page) };
};

/** Throws AwsError `InvalidInstanceID.NotFound`, `InvalidInstanceID.Malformed`. */
export function instance(world: AwsWorld, id: string): InstanceRecord {
  const found = world.instances.get(id);
  if (found === undefined) throw notFound(id);
  return found;
}

export function privateDnsName({ privateIp }: Pick<InstanceRecord, "privateIp">, region: string): string {
  return `ip-${privateIp.replaceAll(".", "-")}.${region}.compute.internal`;
}

export function shownState(state: InstanceState): Fields {
  return { Code: STATE_CODES[state], Name: state };
}

/** What the status checks say: that of one in a lost zone fails. */
export function statusOf(world: AwsWorld, { state, zone }: InstanceRecord): "ok" | "impaired" | "initializing" | "not-applicable" {
  if (state === "pending") return "initializing";
  if (state !== "running") return "not-applicable";
  return world.lostZones.has(zone) ? "impaired" : "ok";
}

function notFound(id: string): AwsError {
  return /^i-[0-9a-f]{8}([0-9a-f]{9})?$/.test(id)
    ? new AwsError("InvalidInstanceID.NotFound", `The instance ID '${id}' does not exist`)
    : new AwsError("InvalidInstanceID.Malformed", `Invalid id: "${id}"`);
}

function checkedPage(input: Fields): Fields {
  const size = integer(input, "MaxResults");
  if (size !== undefined && (size < LEAST_PAGE || size > 1_000))
    throw new AwsError(
      "InvalidParameterValue",
      `Value ( ${size} ) for parameter maxResults is invalid. Expecting a value between 5 and 1000.`,
    );
  return input;
}

function instancesOf(world: AwsWorld): Describable<InstanceRecord> {
  return {
    records: world.instances,
    idOf: ({ id }) => id,
    idsField: "InstanceIds",
    notFound,
    filters: {
      "instance-id": ({ id }) => [id],
      "instance-state-name": ({ state }) => [state],
      "instance-state-code": ({ state }) => [String(STATE_CODES[state])],
      "instance-type": ({ instanceType }) => [instanceType],
      "image-id": ({ imageId }) => [imageId],
      "availability-zone": ({ zone }) => [zone],
      "subnet-id": (one) => (one.state === "terminated" ? [] : [one.subnetId]),
      "vpc-id": (one) => (one.state === "terminated" ? [] : [world.subnets.get(one.subnetId)?.vpcId ?? ""]),
      "private-ip-address": (one) => (one.state === "terminated" ? [] : [one.privateIp]),
      "instance.group-id": ({ securityGroups }) => securityGroups,
      "group-id": ({ securityGroups }) => securityGroups,
      "instance.group-name": ({ securityGroups }) => securityGroups.map((id) => world.securityGroups.get(id)?.name ?? ""),
      "instance-status.status": (one) => [statusOf(world, one)],
      "system-status.status": (one) => [statusOf(world, one)],
    },
  };
}

function shown(world: AwsWorld, { account, region }: ActionCall, record: InstanceRecord): Fields {
  const dns = privateDnsName(record, region);
  const groups = record.securityGroups.map((id) => ({ GroupId: id, GroupName: world.securityGroups.get(id)?.name ?? id }));
  const vpcId = world.subnets.get(record.subnetId)?.vpcId;
  const reason = record.stateReason;
  const { state } = record;
  // One that is terminated has no network any more.
  const network =
    state === "terminated"
      ? { PrivateDnsName: "", SecurityGroups: [], NetworkInterfaces: [] }
      : {
          PrivateIpAddress: record.privateIp,
          PrivateDnsName: dns,
          SubnetId: record.subnetId,
          VpcId: vpcId,
          SecurityGroups: groups,
          NetworkInterfaces: [
            {
              NetworkInterfaceId: resourceId("eni", record.id),
              Status: "in-use",
              SubnetId: record.subnetId,
              VpcId: vpcId,
              OwnerId: account,
              PrivateIpAddress: record.privateIp,
              PrivateIpAddresses: [{ Primary: true, PrivateIpAddress: record.privateIp, PrivateDnsName: dns }],
              Groups: groups,
              SourceDestCheck: true,
            },
          ],
        };
  return {
    InstanceId: record.id,
    ImageId: record.imageId,
    InstanceType: record.instanceType,
    State: shownState(state),
    StateTransitionReason: transitionReason(record),
    ...(reason === undefined ? {} : { StateReason: { Code: reason, Message: `${reason}: ${REASONS[reason] ?? ""}` } }),
    LaunchTime: new Date(record.launchedAtMs),
    Placement: { AvailabilityZone: record.zone, AvailabilityZoneId: zoneIdOf(record.zone), GroupName: "", Tenancy: "default" },
    Monitoring: { State: "disabled" },
    Architecture: "x86_64",
    Hypervisor: "xen",
    VirtualizationType: "hvm",
    RootDeviceType: "ebs",
    RootDeviceName: "/dev/xvda",
    BlockDeviceMappings: [],
    ProductCodes: [],
    PublicDnsName: "",
    AmiLaunchIndex: 0,
    EbsOptimized: false,
    ...network,
    Tags: shownTags(world, record.id),
  };
}

function transitionReason({ stateReason, stateSinceMs }: InstanceRecord): string {
  if (stateReason === undefined) return "";
  const at = new Date(stateSinceMs).toISOString().slice(0, 19).replace("T", " ");
  return `${stateReason.startsWith("Client.") ? "User initiated" : "Service initiated"} (${at} GMT)`;
}
