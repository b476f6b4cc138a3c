import type * as sdk from "@aws-sdk/client-auto-scaling";
import { AppError } from "../../kernel/index.ts";
import type { AnswerFields } from "../answer-fields.ts";
import { type Paging, type Service, parts, tokenIn } from "../service.ts";

const PAGE = 100;
/** So many names DescribeAutoScalingGroups takes. */
const NAMES_AT_ONCE = 50;
/** So many target groups Attach- and DetachLoadBalancerTargetGroups take (API reference). */
const TARGET_GROUPS_AT_ONCE = 10;

export interface AutoScalingGroup {
  readonly name: string;
  readonly minSize: number;
  readonly maxSize: number;
  readonly desiredCapacity: number;
  /** `ELB` among them makes it terminate what a load balancer calls unhealthy. */
  readonly healthCheckType: string;
  readonly instances: readonly AutoScalingMember[];
  /** Processes that are not done now: `Launch`, `Terminate`, … */
  readonly suspended: readonly string[];
  /** ARNs of target groups, by whichever of the two ways they were attached. */
  readonly targetGroups: readonly string[];
  readonly tags: ReadonlyMap<string, string>;
}

export interface AutoScalingMember {
  readonly id: string;
  readonly zone: string;
  /** `Pending`, `InService`, `Terminating`, … or a word that is not known. */
  readonly lifecycle: string;
  /** `Healthy`, `Unhealthy`, or a word that is not known. */
  readonly health: string;
}

/** A target group that is attached to an Auto Scaling group. */
export interface AttachedTargetGroup {
  readonly arn: string;
  /** `Adding`, `Added`, `InService`, `Removing`, `Removed`, or a word that is not known. */
  readonly state: string;
}

const groupPages: Paging<AutoScalingGroup> = {
  entries: "AutoScalingGroups",
  read: readGroup,
  keyOf: ({ name }) => name,
  next: tokenIn("NextToken"),
};

/** Auto Scaling: which groups the nodes belong to, and to which target groups they register them. */
export class AutoScalingApi {
  readonly #service: Service<sdk.AutoScaling>;

  constructor(service: Service<sdk.AutoScaling>) {
    this.#service = service;
  }

  /** Those with all these tags; all of the account without any. */
  groups(tags: ReadonlyMap<string, string>): Promise<readonly AutoScalingGroup[]> {
    const filters = [...tags].map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] }));
    return this.#service.list("DescribeAutoScalingGroups", groupPages, (client, NextToken, options) =>
      client.describeAutoScalingGroups({ ...(filters.length === 0 ? {} : { Filters: filters }), NextToken, MaxRecords: PAGE }, options),
    );
  }

  /** By their names; one that AWS does not know is not in it, and no error. */
  async groupsNamed(names: readonly string[]): Promise<ReadonlyMap<string, AutoScalingGroup>> {
    const found = new Map<string, AutoScalingGroup>();
    for (const asked of parts(names, NAMES_AT_ONCE)) {
      const groups = await this.#service.list("DescribeAutoScalingGroups", groupPages, (client, NextToken, options) =>
        client.describeAutoScalingGroups({ AutoScalingGroupNames: [...asked], NextToken, MaxRecords: PAGE }, options),
      );
      for (const group of groups) found.set(group.name, group);
    }
    return found;
  }

  /** With their states, which {@link groups} do not say. */
  targetGroups(group: string): Promise<readonly AttachedTargetGroup[]> {
    const attached: Paging<AttachedTargetGroup> = {
      entries: "LoadBalancerTargetGroups",
      read: (fields) => ({
        arn: fields.text("LoadBalancerTargetGroupARN"),
        state: fields.text("State"),
      }),
      keyOf: ({ arn }) => arn,
      next: tokenIn("NextToken"),
    };
    return this.#service.list("DescribeLoadBalancerTargetGroups", attached, (client, NextToken, options) =>
      client.describeLoadBalancerTargetGroups({ AutoScalingGroupName: group, NextToken, MaxRecords: PAGE }, options),
    );
  }

  /** A group that has them already keeps them. Its instances are registered, and those that come later. */
  async attachTargetGroups(group: string, arns: readonly string[]): Promise<void> {
    for (const some of parts(arns, TARGET_GROUPS_AT_ONCE))
      await this.#service.call("AttachLoadBalancerTargetGroups", "add", (client, options) =>
        client.attachLoadBalancerTargetGroups({ AutoScalingGroupName: group, TargetGroupARNs: [...some] }, options),
      );
  }

  /** `Launch`, `Terminate`, … are not done until they are resumed. */
  async suspendProcesses(group: string, processes: readonly string[]): Promise<void> {
    await this.#service.call("SuspendProcesses", "change", (client, options) =>
      client.suspendProcesses({ AutoScalingGroupName: group, ScalingProcesses: [...processes] }, options),
    );
  }

  async resumeProcesses(group: string, processes: readonly string[]): Promise<void> {
    await this.#service.call("ResumeProcesses", "change", (client, options) =>
      client.resumeProcesses({ AutoScalingGroupName: group, ScalingProcesses: [...processes] }, options),
    );
  }

  /** Only what {@link attachTargetGroups} attached. The group deregisters its instances from them. What is not attached is as good as detached. */
  async detachTargetGroups(group: string, arns: readonly string[]): Promise<void> {
    for (const some of parts(arns, TARGET_GROUPS_AT_ONCE)) {
      try {
        await this.#service.call("DetachLoadBalancerTargetGroups", "remove", (client, options) =>
          client.detachLoadBalancerTargetGroups({ AutoScalingGroupName: group, TargetGroupARNs: [...some] }, options),
        );
      } catch (error) {
        // AWS has no code of its own for it, and then detaches none of them.
        if (!(error instanceof AppError && error.code === "AWS_REFUSED" && /not part of the group/i.test(error.message))) throw error;
        if (some.length > 1) for (const arn of some) await this.detachTargetGroups(group, [arn]);
      }
    }
  }
}

function readGroup(fields: AnswerFields): AutoScalingGroup {
  const sources = fields.listOrEmpty("TrafficSources", (source) => ({ arn: source.text("Identifier"), type: source.optionalText("Type") }));
  const balancers = sources.filter(({ arn, type }) => (type === undefined ? arn.includes(":targetgroup/") : type === "elbv2"));
  return {
    name: fields.text("AutoScalingGroupName"),
    minSize: fields.number("MinSize"),
    maxSize: fields.number("MaxSize"),
    desiredCapacity: fields.number("DesiredCapacity"),
    healthCheckType: fields.text("HealthCheckType"),
    instances: fields.list("Instances", (member) => ({
      id: member.text("InstanceId"),
      zone: member.text("AvailabilityZone"),
      lifecycle: member.text("LifecycleState"),
      health: member.text("HealthStatus"),
    })),
    suspended: fields.listOrEmpty("SuspendedProcesses", (process) => process.text("ProcessName")),
    targetGroups: [...new Set([...fields.texts("TargetGroupARNs"), ...balancers.map(({ arn }) => arn)])],
    tags: fields.tags("Tags"),
  };
}
