import { AwsError } from "../wire/aws-error.ts";
import { requiredText, structures, text, texts } from "../wire/inputs.ts";
import type { Fields } from "../wire/query-input.ts";
import type { Write } from "../world/actions.ts";
import { withDetachment } from "./group-step.ts";
import { attachedTo, groupNamed, withAttachment, withGroup } from "./groups.ts";
import type { AttachmentRecord } from "./records.ts";

const MOST_AT_ONCE = 10;
/** Page "Quotas for Auto Scaling resources and groups". */
const MOST_ATTACHED = 50;

/** The two ways to say the same: of each, AWS describes and detaches only what came by it. */
type Way = AttachmentRecord["by"];

export const attachLoadBalancerTargetGroups = attaching("LoadBalancerTargetGroups");
export const detachLoadBalancerTargetGroups = detaching("LoadBalancerTargetGroups");
export const attachTrafficSources = attaching("TrafficSources");
export const detachTrafficSources = detaching("TrafficSources");

function attaching(by: Way): Write {
  return (world, { input, nowMs }) => {
    let group = groupNamed(world, requiredText(input, "AutoScalingGroupName"));
    for (const arn of arnsIn(input, by)) {
      const targetGroup = world.targetGroups.get(arn);
      if (targetGroup === undefined)
        throw new AwsError("ValidationError", "Provided Target Groups may not be valid. Please ensure they exist and try again.");
      if (targetGroup.targetType !== "instance")
        throw new AwsError(
          "ValidationError",
          `Provided Target Group ${arn} has target type ${targetGroup.targetType}; only instance is supported`,
        );
      if (attachedTo(group).includes(arn)) continue;
      group = withAttachment(group, arn, { state: "Adding", sinceMs: nowMs, by });
    }
    if (group.targetGroups.size > MOST_ATTACHED)
      throw new AwsError("LimitExceeded", `An Auto Scaling group can have at most ${MOST_ATTACHED} target groups`);
    return { world: withGroup(world, group), output: {} };
  };
}

function detaching(by: Way): Write {
  return (world, { input, nowMs }) => {
    const { name, targetGroups } = groupNamed(world, requiredText(input, "AutoScalingGroupName"));
    const arns = arnsIn(input, by);
    if (arns.some((arn) => targetGroups.get(arn)?.by !== by))
      throw new AwsError("ValidationError", "Trying to remove Target Groups that are not part of the group");
    return { world: arns.reduce((next, arn) => withDetachment(next, name, arn, nowMs), world), output: {} };
  };
}

function arnsIn(input: Fields, by: Way): readonly string[] {
  const sources = structures(input, "TrafficSources") ?? [];
  for (const source of sources) {
    const type = text(source, "Type");
    if (type !== undefined && type !== "elbv2")
      throw new AwsError("ValidationError", `Traffic sources of type ${type} are not in the lab's AWS; use elbv2`);
  }
  const arns =
    by === "TrafficSources" ? sources.map((source) => requiredText(source, "Identifier")) : (texts(input, "TargetGroupARNs") ?? []);
  if (arns.length > MOST_AT_ONCE) throw new AwsError("ValidationError", `At most ${MOST_AT_ONCE} can be given at once`);
  return arns;
}
