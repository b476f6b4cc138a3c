import { AppError, assertNever } from "../../kernel/index.ts";
import { assertOurs, readBack } from "../apply/read-back.ts";
import { type RemoveStep, removedKeys } from "../plan/step.ts";
import { removeCertificates, replaceDefaultCertificate } from "./remove-certificates.ts";
import { DONE, type RemovalContext, type RemovalOutcome, waits } from "./removal-context.ts";
import { floored } from "./target-floor.ts";

type StepOf<Type extends RemoveStep["type"]> = Extract<RemoveStep, { readonly type: Type }>;

/** All that is taken away but load balancers, which go in steps of their own. */
export type SimpleRemoveStep = Exclude<RemoveStep, { readonly type: "delete-load-balancer" }>;

/**
 * Takes away what the hold has let go, after a last look at the thing itself, by its id: is it ours by its own tags, and does nobody need it that can
 * be seen there? Rejects with AppError; it may be done then, and is safe to be done again.
 */
export async function removeStep(step: SimpleRemoveStep, context: RemovalContext): Promise<RemovalOutcome> {
  switch (step.type) {
    case "deregister-targets":
      return deregister(step, context);
    case "remove-certificates":
      return removeCertificates(step, context);
    case "replace-default-certificate":
      return replaceDefaultCertificate(step, context);
    case "revoke-ingress":
      return revokeIngress(step, context);
    case "delete-listener":
      return deleteListener(step, context);
    case "detach-auto-scaling-group":
      return detach(step, context);
    case "detach-gone-target-group":
      return detachGone(step, context);
    case "delete-target-group":
      return deleteTargetGroup(context);
    case "delete-security-group":
      return deleteSecurityGroup(context);
    default:
      return assertNever(step);
  }
}

async function deregister({ targets }: StepOf<"deregister-targets">, context: RemovalContext): Promise<RemovalOutcome> {
  const { aws, calls, resources, healthy, clock } = context;
  const { name } = resources;
  const arn = resources.needTargetGroup();
  await provedTargetGroup(arn, context);
  const read = () => calls.read("elasticloadbalancing:DescribeTargetHealth", () => aws.elb.targetHealth(arn));
  const registered = await read();
  healthy.see(name, registered);
  const { allowed, why } = floored(registered, targets, healthy.greatest(name));
  if (allowed.length > 0) {
    await calls.write("elasticloadbalancing:DeregisterTargets", () => aws.elb.deregister(arn, allowed));
    const isGone = async (): Promise<string | undefined> => {
      const left = new Set((await read()).filter(({ state }) => !GOING.has(state)).map(({ id, port }) => `${id}:${port}`));
      const still = allowed.filter(({ id, port }) => left.has(`${id}:${port}`));
      return still.length === 0 ? undefined : `${still.length} of ${allowed.length} are still registered`;
    };
    await readBack(`targets of ${name}`, isGone, clock, context.readBack);
  }
  return why === undefined ? DONE : waits(why);
}

const GOING: ReadonlySet<string> = new Set(["draining", "unhealthy.draining"]);

async function revokeIngress(step: StepOf<"revoke-ingress">, context: RemovalContext): Promise<RemovalOutcome> {
  const { rules } = step;
  const { aws, calls, resources } = context;
  const id = resources.needSecurityGroup();
  const group = await provedSecurityGroup(id, context);
  const going = new Set(rules.map(({ cidr, fromPort, toPort }) => `${cidr} ${fromPort}-${toPort}`));
  const staying = group.ingress.filter(({ source, fromPort, toPort }) => !going.has(`${source} ${fromPort ?? ""}-${toPort ?? ""}`));
  if (staying.length === 0 && !isUndesired(context)) return waits("nobody could come in any more");
  const unlisted = await servedUnlisted(step, context);
  if (unlisted !== undefined) return waits(unlisted);
  await calls.write("ec2:RevokeSecurityGroupIngress", () => aws.ec2.revokeIngress(id, rules));
  return DONE;
}

async function deleteListener(step: StepOf<"delete-listener">, context: RemovalContext): Promise<RemovalOutcome> {
  const { port } = step;
  const { aws, calls, resources, knowledge } = context;
  const loadBalancerArn = resources.needLoadBalancer();
  const wanted = knowledge.resolved.get(resources.name)?.listeners;
  if (wanted === undefined || wanted.length === 0) return waits("which listeners should be there is not known now");
  if (wanted.some((one) => one.port === port)) return waits("it is wanted again");
  const there = await calls.read("elasticloadbalancing:DescribeListeners", () => aws.elb.listeners(loadBalancerArn));
  const listener = there.find((one) => one.port === port);
  if (listener === undefined) return DONE;
  const missing = wanted.filter((one) => !there.some((other) => other.port === one.port));
  if (missing.length > 0) return waits(`the listener on port ${missing[0]?.port ?? 0}, which should be there in its place, is not`);
  const tags = await calls.read("elasticloadbalancing:DescribeTags", () => aws.elb.tags([loadBalancerArn, listener.arn]));
  for (const arn of [loadBalancerArn, listener.arn]) assertOurs(arn, tags.get(arn) ?? new Map(), context.ownership, resources.name);
  const unlisted = await servedUnlisted(step, context);
  if (unlisted !== undefined) return waits(unlisted);
  await calls.write("elasticloadbalancing:DeleteListener", () => aws.elb.deleteListener(listener.arn));
  return DONE;
}

async function detach({ name, group }: StepOf<"detach-auto-scaling-group">, context: RemovalContext): Promise<RemovalOutcome> {
  const { aws, calls, resources, healthy } = context;
  const arn = resources.needTargetGroup();
  await provedTargetGroup(arn, context);
  const attached = await calls.read("autoscaling:DescribeLoadBalancerTargetGroups", () => aws.autoscaling.targetGroups(group));
  const state = attached.find((one) => one.arn === arn)?.state;
  if (state === undefined || state === "Removed" || state === "Removing") return DONE;
  if (!(isUndesired(context) && (await isUnused(arn, context)))) {
    const members = (await calls.read("autoscaling:DescribeAutoScalingGroups", () => aws.autoscaling.groupsNamed([group]))).get(group);
    if (members === undefined) return waits(`which instances Auto Scaling group ${group} has is not known now`);
    const ids = new Set(members.instances.map(({ id }) => id));
    const health = await calls.read("elasticloadbalancing:DescribeTargetHealth", () => aws.elb.targetHealth(arn));
    healthy.see(name, health);
    const { why } = floored(
      health,
      health.filter(({ id }) => ids.has(id)),
      healthy.greatest(name),
    );
    if (why !== undefined) return waits(`with Auto Scaling group ${group} too much would go: ${why}`);
  }
  await calls.write("autoscaling:DetachLoadBalancerTargetGroups", () => aws.autoscaling.detachTargetGroups(group, [arn]));
  return DONE;
}

/** Of what is gone no tags can be asked for: it has the name of the one that is there and ours, and AWS says of the very ARN that it is not there. */
async function detachGone({ group, arn }: StepOf<"detach-gone-target-group">, context: RemovalContext): Promise<RemovalOutcome> {
  const { aws, calls, resources } = context;
  await provedTargetGroup(resources.needTargetGroup(), context);
  if (await isThere(arn, context)) return waits(`${arn} is there, beside the one in use`);
  const attached = await calls.read("autoscaling:DescribeLoadBalancerTargetGroups", () => aws.autoscaling.targetGroups(group));
  const state = attached.find((one) => one.arn === arn)?.state;
  if (state === undefined) return waits(`somebody attached ${arn} to Auto Scaling group ${group} as a traffic source: detach it as one`);
  if (state === "Removed" || state === "Removing") return DONE;
  await calls.write("autoscaling:DetachLoadBalancerTargetGroups", () => aws.autoscaling.detachTargetGroups(group, [arn]));
  return DONE;
}

async function isThere(arn: string, { aws, calls }: RemovalContext): Promise<boolean> {
  try {
    await calls.read("elasticloadbalancing:DescribeTargetGroups", () => aws.elb.targetGroup(arn));
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === "AWS_NOT_FOUND") return false;
    throw error;
  }
}

async function deleteTargetGroup(context: RemovalContext): Promise<RemovalOutcome> {
  const { aws, calls, resources, knowledge } = context;
  const arn = resources.needTargetGroup();
  if (!isUndesired(context)) return waits("it is wanted again");
  await provedTargetGroup(arn, context);
  if (!(await isUnused(arn, context))) return waits("a load balancer still uses it");
  const groups = knowledge.observed.autoScalingGroups;
  // A group that keeps a target group which is gone can start no instances any more.
  const attached =
    groups.state === "fresh" ? groups.value.filter((group) => (group.targetGroups.get(arn) ?? "Removed") !== "Removed") : undefined;
  if (attached === undefined) return waits("whether Auto Scaling groups still use it is not known now");
  if (attached.length > 0) return waits(`Auto Scaling group ${attached[0]?.name ?? ""} still uses it`);
  await calls.write("elasticloadbalancing:DeleteTargetGroup", () => aws.elb.deleteTargetGroup(arn));
  return DONE;
}

async function deleteSecurityGroup(context: RemovalContext): Promise<RemovalOutcome> {
  const { aws, calls, resources } = context;
  const id = resources.needSecurityGroup();
  if (!isUndesired(context) && resources.loadBalancerArn !== undefined) {
    const { securityGroups } = await calls.read("elasticloadbalancing:DescribeLoadBalancers", () =>
      aws.elb.loadBalancer(resources.needLoadBalancer()),
    );
    if (securityGroups.includes(id)) return waits("its load balancer still uses it");
  }
  await provedSecurityGroup(id, context);
  try {
    await calls.write("ec2:DeleteSecurityGroup", () => aws.ec2.deleteSecurityGroup(id));
  } catch (error) {
    if (error instanceof AppError && error.code === "AWS_IN_USE") return waits("something still uses it; AWS says so for some minutes");
    throw error;
  }
  return DONE;
}

/** Who may need it although no list has them; what their annotations ask for is not looked at, so a person may say that it goes. */
async function servedUnlisted(step: SimpleRemoveStep, { unlistedOwners, isApproved }: RemovalContext): Promise<string | undefined> {
  if (removedKeys(step).every(isApproved)) return undefined;
  const [first] = await unlistedOwners();
  return first === undefined ? undefined : `${first.key} is there and served by it, although the lists lack it`;
}

function isUndesired({ knowledge, resources }: RemovalContext): boolean {
  return !knowledge.desired.has(resources.name);
}

/** Whether AWS says that no load balancer uses a target group. */
async function isUnused(arn: string, { aws, calls }: RemovalContext): Promise<boolean> {
  const group = await calls.read("elasticloadbalancing:DescribeTargetGroups", () => aws.elb.targetGroup(arn));
  return group.loadBalancerArns.length === 0;
}

async function provedTargetGroup(arn: string, { aws, calls, ownership, resources }: RemovalContext): Promise<void> {
  const tags = await calls.read("elasticloadbalancing:DescribeTags", () => aws.elb.tags([arn]));
  assertOurs(`target group ${arn}`, tags.get(arn) ?? new Map(), ownership, resources.name);
}

async function provedSecurityGroup(
  id: string,
  { aws, calls, ownership, resources }: RemovalContext,
): Promise<Awaited<ReturnType<typeof aws.ec2.securityGroup>>> {
  const group = await calls.read("ec2:DescribeSecurityGroups", () => aws.ec2.securityGroup(id));
  assertOurs(`security group ${id}`, group.tags, ownership, resources.name);
  return group;
}
