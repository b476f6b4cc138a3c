import { AwsError } from "../wire/aws-error.ts";
import { flag } from "../wire/inputs.ts";
import type { Fields } from "../wire/query-input.ts";
import { readServiceModel } from "../wire/service-model.ts";
import type { ActionCall, AwsService } from "../world/actions.ts";
import type { AwsWorld } from "../world/world.ts";
import * as lifecycle from "./instance-lifecycle.ts";
import { describeInstanceStatus, describeInstances } from "./instances.ts";
import { describeAvailabilityZones, describeRouteTables, describeSubnets, describeVpcs } from "./network.ts";
import * as groups from "./security-groups.ts";
import { createTags, deleteTags, describeTags } from "./tags.ts";

/** Amazon EC2, version 2016-11-15: what a controller of load balancers looks at, and what happens to instances. */
export function ec2(timing: lifecycle.InstanceTiming): AwsService {
  return {
    model: readServiceModel("ec2"),
    reads: withDryRun({
      DescribeVpcs: describeVpcs,
      DescribeSubnets: describeSubnets,
      DescribeRouteTables: describeRouteTables,
      DescribeAvailabilityZones: describeAvailabilityZones,
      DescribeSecurityGroups: groups.describeSecurityGroups,
      DescribeInstances: describeInstances,
      DescribeInstanceStatus: describeInstanceStatus,
      DescribeTags: describeTags,
    }),
    writes: withDryRun({
      TerminateInstances: lifecycle.terminateInstances,
      StopInstances: lifecycle.stopInstances,
      StartInstances: lifecycle.startInstances,
      RebootInstances: lifecycle.rebootInstances,
      CreateTags: createTags,
      DeleteTags: deleteTags,
      CreateSecurityGroup: groups.createSecurityGroup,
      DeleteSecurityGroup: groups.deleteSecurityGroup,
      AuthorizeSecurityGroupIngress: groups.authorizeSecurityGroupIngress,
      RevokeSecurityGroupIngress: groups.revokeSecurityGroupIngress,
    }),
    step: lifecycle.instanceStep(timing),
  };
}

/** Every action of EC2 can be asked whether it would do. */
function withDryRun<T extends Fields | { readonly world: AwsWorld; readonly output: Fields }>(
  actions: Readonly<Record<string, (world: AwsWorld, call: ActionCall) => T>>,
): Readonly<Record<string, (world: AwsWorld, call: ActionCall) => T>> {
  return Object.fromEntries(
    Object.entries(actions).map(([name, action]) => [
      name,
      (world: AwsWorld, call: ActionCall): T => {
        if (flag(call.input, "DryRun") !== true) return action(world, call);
        action(world, call);
        throw new AwsError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412);
      },
    ]),
  );
}
