import { readServiceModel } from "../wire/service-model.ts";
import type { AwsService } from "../world/actions.ts";
import * as changes from "./changes.ts";
import * as describe from "./describe.ts";
import { type AutoScalingOptions, groupStep } from "./group-step.ts";
import * as targets from "./target-groups.ts";

/** Amazon EC2 Auto Scaling, version 2011-01-01. Groups are there from the start; nobody creates or deletes them here. */
export function autoscaling(options: AutoScalingOptions): AwsService {
  return {
    model: readServiceModel("autoscaling"),
    reads: {
      DescribeAutoScalingGroups: describe.describeAutoScalingGroups,
      DescribeAutoScalingInstances: describe.describeAutoScalingInstances,
      DescribeLoadBalancerTargetGroups: describe.describeLoadBalancerTargetGroups,
      DescribeTrafficSources: describe.describeTrafficSources,
      DescribeScalingActivities: describe.describeScalingActivities,
    },
    writes: {
      AttachLoadBalancerTargetGroups: targets.attachLoadBalancerTargetGroups,
      DetachLoadBalancerTargetGroups: targets.detachLoadBalancerTargetGroups,
      AttachTrafficSources: targets.attachTrafficSources,
      DetachTrafficSources: targets.detachTrafficSources,
      TerminateInstanceInAutoScalingGroup: changes.terminateInstanceInAutoScalingGroup,
      SetDesiredCapacity: changes.setDesiredCapacity,
      UpdateAutoScalingGroup: changes.updateAutoScalingGroup,
      SuspendProcesses: changes.suspendProcesses,
      ResumeProcesses: changes.resumeProcesses,
      SetInstanceHealth: changes.setInstanceHealth,
    },
    step: groupStep(options),
  };
}
