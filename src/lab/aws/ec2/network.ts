import { AwsError } from "../wire/aws-error.ts";
import { texts } from "../wire/inputs.ts";
import type { Fields } from "../wire/query-input.ts";
import type { Read } from "../world/actions.ts";
import { resourceId } from "../world/ids.ts";
import type { AwsWorld } from "../world/world.ts";
import { described, nextToken, shownTags } from "./describing.ts";
import type { SubnetRecord } from "./records.ts";

export const describeVpcs: Read = (world, { input, account }) => {
  const page = described(world, input, {
    records: world.vpcs,
    idOf: ({ id }) => id,
    idsField: "VpcIds",
    notFound: (id) => new AwsError("InvalidVpcID.NotFound", `The vpc ID '${id}' does not exist`),
    filters: { "vpc-id": ({ id }) => [id], cidr: ({ cidr }) => [cidr], state: () => ["available"], "owner-id": () => [account] },
  });
  const vpcs = page.page.map(({ id, cidr }) => ({
    VpcId: id,
    CidrBlock: cidr,
    State: "available",
    OwnerId: account,
    InstanceTenancy: "default",
    IsDefault: false,
    DhcpOptionsId: "default",
    CidrBlockAssociationSet: [
      { AssociationId: resourceId("vpc-cidr-assoc", id), CidrBlock: cidr, CidrBlockState: { State: "associated" } },
    ],
    Tags: shownTags(world, id),
  }));
  return { Vpcs: vpcs, ...nextToken(page) };
};

export const describeSubnets: Read = (world, { input, account, region }) => {
  const page = described(world, input, {
    records: world.subnets,
    idOf: ({ id }) => id,
    idsField: "SubnetIds",
    notFound: (id) => new AwsError("InvalidSubnetID.NotFound", `The subnet ID '${id}' does not exist`),
    filters: {
      "subnet-id": ({ id }) => [id],
      "vpc-id": ({ vpcId }) => [vpcId],
      "availability-zone": ({ zone }) => [zone],
      availabilityZone: ({ zone }) => [zone],
      "availability-zone-id": ({ zone }) => [zoneIdOf(zone)],
      "cidr-block": ({ cidr }) => [cidr],
      "map-public-ip-on-launch": ({ isPublic }) => [String(isPublic)],
      "default-for-az": () => ["false"],
      state: () => ["available"],
      "owner-id": () => [account],
    },
  });
  const subnets = page.page.map(({ id, vpcId, zone, cidr, isPublic }) => ({
    SubnetId: id,
    SubnetArn: `arn:aws:ec2:${region}:${account}:subnet/${id}`,
    VpcId: vpcId,
    State: "available",
    CidrBlock: cidr,
    AvailableIpAddressCount: freeAddresses(world, id, cidr),
    AvailabilityZone: zone,
    AvailabilityZoneId: zoneIdOf(zone),
    OwnerId: account,
    DefaultForAz: false,
    MapPublicIpOnLaunch: isPublic,
    AssignIpv6AddressOnCreation: false,
    Ipv6CidrBlockAssociationSet: [],
    Ipv6Native: false,
    Tags: shownTags(world, id),
  }));
  return { Subnets: subnets, ...nextToken(page) };
};

interface RouteTable {
  readonly id: string;
  readonly vpcId: string;
  readonly cidr: string;
  readonly isPublic: boolean;
  readonly subnets: readonly SubnetRecord[];
}

/** Each VPC has a main table, which no subnet names, and one for the subnets that lead to the internet gateway. */
export const describeRouteTables: Read = (world, { input, account }) => {
  const page = described(world, input, {
    records: routeTables(world),
    idOf: ({ id }) => id,
    idsField: "RouteTableIds",
    notFound: (id) => new AwsError("InvalidRouteTableID.NotFound", `The routeTable ID '${id}' does not exist`),
    filters: {
      "route-table-id": ({ id }) => [id],
      "vpc-id": ({ vpcId }) => [vpcId],
      "association.main": ({ isPublic }) => [String(!isPublic)],
      "association.subnet-id": ({ subnets }) => subnets.map(({ id }) => id),
      "association.route-table-id": ({ id }) => [id],
      "route.gateway-id": (table) => routesOf(table).map(({ GatewayId }) => GatewayId),
      "route.destination-cidr-block": (table) => routesOf(table).map(({ DestinationCidrBlock }) => DestinationCidrBlock),
      "owner-id": () => [account],
    },
  });
  const tables = page.page.map((table) => ({
    RouteTableId: table.id,
    VpcId: table.vpcId,
    OwnerId: account,
    Associations: associationsOf(table),
    Routes: routesOf(table),
    PropagatingVgws: [],
    Tags: shownTags(world, table.id),
  }));
  return { RouteTables: tables, ...nextToken(page) };
};

function routeTables(world: AwsWorld): ReadonlyMap<string, RouteTable> {
  const tables = [...world.vpcs.values()].flatMap(({ id: vpcId, cidr }) => {
    const open = [...world.subnets.values()].filter((subnet) => subnet.vpcId === vpcId && subnet.isPublic);
    return [
      { id: resourceId("rtb", vpcId, "main"), vpcId, cidr, isPublic: false, subnets: [] },
      { id: resourceId("rtb", vpcId, "public"), vpcId, cidr, isPublic: true, subnets: open },
    ];
  });
  return new Map(tables.map((table) => [table.id, table]));
}

function associationsOf({ id, isPublic, subnets }: RouteTable): readonly Fields[] {
  const association = (of: string): Fields => ({
    RouteTableAssociationId: resourceId("rtbassoc", id, of),
    RouteTableId: id,
    AssociationState: { State: "associated" },
  });
  if (!isPublic) return [{ ...association("main"), Main: true }];
  return subnets.map((subnet) => ({ ...association(subnet.id), SubnetId: subnet.id, Main: false }));
}

function routesOf({ vpcId, cidr, isPublic }: RouteTable): readonly { readonly DestinationCidrBlock: string; readonly GatewayId: string }[] {
  const local = { DestinationCidrBlock: cidr, GatewayId: "local", Origin: "CreateRouteTable", State: "active" };
  const out = { DestinationCidrBlock: "0.0.0.0/0", GatewayId: resourceId("igw", vpcId), Origin: "CreateRoute", State: "active" };
  return isPublic ? [local, out] : [local];
}

/** All zones in which there are subnets. */
export const describeAvailabilityZones: Read = (world, { input, region }) => {
  const zones = new Map([...world.subnets.values()].map(({ zone }) => [zone, zone] as const));
  const ids = texts(input, "ZoneIds");
  const { page } = described(
    world,
    { ...input, MaxResults: undefined },
    {
      records: zones,
      idOf: (zone) => zone,
      idsField: "ZoneNames",
      notFound: (zone) => new AwsError("InvalidParameterValue", `Invalid availability zone: [${zone}]`),
      filters: {
        "zone-name": (zone) => [zone],
        "zone-id": (zone) => [zoneIdOf(zone)],
        "region-name": () => [region],
        "zone-type": () => ["availability-zone"],
        state: (zone) => [stateOf(world, zone)],
      },
    },
  );
  const shown = page.filter((zone) => ids === undefined || ids.includes(zoneIdOf(zone)));
  return {
    AvailabilityZones: shown.map((zone) => ({
      ZoneName: zone,
      ZoneId: zoneIdOf(zone),
      RegionName: region,
      GroupName: region,
      NetworkBorderGroup: region,
      ZoneType: "availability-zone",
      OptInStatus: "opt-in-not-required",
      State: stateOf(world, zone),
      Messages: [],
    })),
  };
};

function stateOf(world: AwsWorld, zone: string): string {
  return world.lostZones.has(zone) ? "unavailable" : "available";
}

/** `euc1-az1` of `eu-central-1a`. */
export function zoneIdOf(zone: string): string {
  const [, area = "", place = "", number = "", letter = "a"] = /^([a-z]+)-([a-z]+)-(\d+)([a-z])$/.exec(zone) ?? [];
  const direction = place.replaceAll(/(north|south|east|west|central)/g, (word) => word.slice(0, 1));
  return `${area}${direction}${number}-az${letter.charCodeAt(0) - "a".charCodeAt(0) + 1}`;
}

/** AWS keeps the first four and the last address of each subnet. */
const KEPT_ADDRESSES = 5;

function freeAddresses(world: AwsWorld, subnetId: string, cidr: string): number {
  const size = 2 ** (32 - Number(cidr.split("/")[1] ?? "32"));
  const used = [...world.instances.values()].filter((one) => one.subnetId === subnetId && one.state !== "terminated").length;
  return Math.max(0, size - KEPT_ADDRESSES - used);
}
