import type { GroupRecord } from "./autoscaling/records.ts";
import type { AutoScalingGroupConfig, LabAwsConfig } from "./config.ts";
import { digits, uuid } from "./world/ids.ts";
import { type AwsWorld, emptyWorld } from "./world/world.ts";

/** The account as a configuration has it at first: a network, and Auto Scaling groups that have launched nothing yet. */
export function firstWorld(config: LabAwsConfig, nowMs: number): AwsWorld {
  const { vpc, subnets, securityGroups } = config.network;
  const groups = config.autoScalingGroups.map((group) => groupRecord(config, group, nowMs));
  const tagged = [
    vpc,
    ...subnets,
    ...securityGroups,
    ...config.autoScalingGroups.map(({ name, tags }) => ({ id: arnOf(config, name), tags })),
  ];
  return {
    ...emptyWorld,
    vpcs: new Map([[vpc.id, { id: vpc.id, cidr: vpc.cidr }]]),
    subnets: new Map(subnets.map(({ tags: _tags, ...subnet }) => [subnet.id, { ...subnet, vpcId: vpc.id }])),
    securityGroups: new Map(securityGroups.map(({ tags: _tags, ...group }) => [group.id, { ...group, vpcId: vpc.id, ingress: [] }])),
    autoScalingGroups: new Map(groups.map((group) => [group.name, group])),
    tags: new Map(tagged.filter(({ tags }) => Object.keys(tags).length > 0).map(({ id, tags }) => [id, new Map(Object.entries(tags))])),
  };
}

function groupRecord(config: LabAwsConfig, group: AutoScalingGroupConfig, nowMs: number): GroupRecord {
  const { name, imageId, instanceType, securityGroups, tags: _tags, ...settings } = group;
  return {
    ...settings,
    name,
    arn: arnOf(config, name),
    createdAtMs: nowMs,
    isProtectedFromScaleIn: false,
    launch: { templateId: `lt-${digits(17, [name])}`, templateName: name, imageId, instanceType, securityGroups },
    instances: new Map(),
    suspended: new Map(),
    targetGroups: new Map(),
    activities: [],
  };
}

function arnOf({ account, region }: LabAwsConfig, group: string): string {
  return `arn:aws:autoscaling:${region}:${account}:autoScalingGroup:${uuid(group)}:autoScalingGroupName/${group}`;
}
