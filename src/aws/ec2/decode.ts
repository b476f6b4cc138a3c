import type { AnswerFields } from "../answer-fields.ts";
import type { IngressPermission, Instance, RouteTable, SecurityGroup, Subnet, Vpc } from "./records.ts";

export function readVpc(fields: AnswerFields): Vpc {
  return { id: fields.text("VpcId"), cidr: fields.text("CidrBlock"), tags: fields.tags("Tags") };
}

export function readSubnet(fields: AnswerFields): Subnet {
  return {
    id: fields.text("SubnetId"),
    vpcId: fields.text("VpcId"),
    zone: fields.text("AvailabilityZone"),
    cidr: fields.optionalText("CidrBlock"),
    ipv6Cidrs: fields.listOrEmpty("Ipv6CidrBlockAssociationSet", (block) => block.text("Ipv6CidrBlock")),
    freeAddresses: fields.number("AvailableIpAddressCount"),
    tags: fields.tags("Tags"),
  };
}

export function readRouteTable(fields: AnswerFields): RouteTable {
  const associations = fields.list("Associations", (one) => ({
    isMain: one.flag("Main"),
    subnets: [one.textOrEmpty("SubnetId")].filter((id) => id !== ""),
  }));
  const gateways = fields.list("Routes", (one) =>
    ["GatewayId", "NatGatewayId", "TransitGatewayId", "NetworkInterfaceId", "EgressOnlyInternetGatewayId"].flatMap((name) => {
      const gateway = one.textOrEmpty(name);
      return gateway === "" ? [] : [gateway];
    }),
  );
  return {
    id: fields.text("RouteTableId"),
    vpcId: fields.text("VpcId"),
    isMain: associations.some(({ isMain }) => isMain),
    subnets: associations.flatMap(({ subnets }) => subnets),
    gateways: gateways.flat(),
    tags: fields.tags("Tags"),
  };
}

export function readSecurityGroup(fields: AnswerFields): SecurityGroup {
  return {
    id: fields.text("GroupId"),
    name: fields.text("GroupName"),
    description: fields.textOrEmpty("Description"),
    vpcId: fields.optionalText("VpcId"),
    ingress: fields.list("IpPermissions", readPermissions).flat(),
    tags: fields.tags("Tags"),
  };
}

function readPermissions(fields: AnswerFields): readonly IngressPermission[] {
  const range = {
    protocol: fields.text("IpProtocol"),
    fromPort: fields.optionalNumber("FromPort"),
    toPort: fields.optionalNumber("ToPort"),
  };
  const sources = [
    ...fields.listOrEmpty("IpRanges", (one) => one.text("CidrIp")),
    ...fields.listOrEmpty("Ipv6Ranges", (one) => one.text("CidrIpv6")),
    ...fields.listOrEmpty("PrefixListIds", (one) => one.text("PrefixListId")),
    ...fields.listOrEmpty("UserIdGroupPairs", (one) => one.text("GroupId")),
  ];
  return sources.map((source) => ({ ...range, source }));
}

export function readInstance(fields: AnswerFields): Instance {
  const optional = (name: string): string | undefined => {
    const text = fields.textOrEmpty(name);
    return text === "" ? undefined : text;
  };
  return {
    id: fields.text("InstanceId"),
    state: fields.structure("State").text("Name"),
    zone: fields.structure("Placement").text("AvailabilityZone"),
    vpcId: optional("VpcId"),
    subnetId: optional("SubnetId"),
    privateIp: optional("PrivateIpAddress"),
    privateDnsName: optional("PrivateDnsName"),
    tags: fields.tags("Tags"),
  };
}
