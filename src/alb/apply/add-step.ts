import type { Listener } from "../../aws/index.ts";
import { assertNever } from "../../kernel/index.ts";
import { tagsFor } from "../plan/ownership.ts";
import type { AddStep } from "../plan/step.ts";
import { type Creation, makeOrAdopt } from "./create.ts";
import { listenerSettings } from "./listener-settings.ts";
import { readBack } from "./read-back.ts";
import type { StepContext } from "./step-context.ts";

type StepOf<Type extends AddStep["type"]> = Extract<AddStep, { readonly type: Type }>;

/** RegisterTargets says of no number; the API answers within its time for so many. */
const TARGETS_AT_ONCE = 100;

/** Does a step that makes more serve. Rejects with AppError; then it may be done, in part or as a whole, and is safe to be done again. */
export async function add(step: AddStep, context: StepContext): Promise<void> {
  switch (step.type) {
    case "create-security-group":
      return createSecurityGroup(step, context);
    case "authorize-ingress":
      return authorizeIngress(step, context);
    case "create-target-group":
      return createTargetGroup(step, context);
    case "create-load-balancer":
      return createLoadBalancer(step, context);
    case "create-listener":
      return createListener(step, context);
    case "add-certificates":
      return addCertificates(step, context);
    case "attach-auto-scaling-group":
      return attachAutoScalingGroup(step, context);
    case "register-targets":
      return registerTargets(step, context);
    default:
      return assertNever(step);
  }
}

async function make<T>(creation: Creation<T>, { resources, ownership, clock, readBack: times }: StepContext): Promise<T> {
  const { made } = await makeOrAdopt(creation, { name: resources.name, ownership, clock, times });
  return made;
}

async function createSecurityGroup({ name, vpcId, tags }: StepOf<"create-security-group">, context: StepContext): Promise<void> {
  const { aws, calls, resources } = context;
  const filters = new Map([
    ["group-name", [name]],
    ["vpc-id", [vpcId]],
  ]);
  const wanted = { name, description: `Clients of load balancer ${name}`, vpcId, tags: ownTags(tags, context) };
  resources.securityGroupId = await make(
    {
      what: `security group ${name}`,
      create: () => calls.write("ec2:CreateSecurityGroup", () => aws.ec2.createSecurityGroup(wanted)),
      find: async () => (await calls.read("ec2:DescribeSecurityGroups", () => aws.ec2.securityGroups(filters)))[0]?.id,
      tags: async (id) => (await calls.read("ec2:DescribeSecurityGroups", () => aws.ec2.securityGroup(id))).tags,
    },
    context,
  );
}

async function authorizeIngress({ rules }: StepOf<"authorize-ingress">, { aws, calls, resources }: StepContext): Promise<void> {
  const id = resources.needSecurityGroup();
  await calls.write("ec2:AuthorizeSecurityGroupIngress", () => aws.ec2.authorizeIngress(id, rules));
}

async function createTargetGroup({ name, kind, group, tags }: StepOf<"create-target-group">, context: StepContext): Promise<void> {
  const { calls, resources } = context;
  const { elb } = context.aws;
  const { protocol, port, vpcId, healthCheck } = group;
  const wanted = { name, protocol, port, vpcId, targetType: kind.targetType, healthCheck, tags: ownTags(tags, context) };
  const made = await make(
    {
      what: `target group ${name}`,
      create: () => calls.write("elasticloadbalancing:CreateTargetGroup", () => elb.createTargetGroup(wanted)),
      find: () => calls.read("elasticloadbalancing:DescribeTargetGroups", () => elb.targetGroupNamed(name)),
      tags: ({ arn }) => tagsOf(arn, context),
    },
    context,
  );
  resources.targetGroupArn = made.arn;
}

async function createLoadBalancer(step: StepOf<"create-load-balancer">, context: StepContext): Promise<void> {
  const { calls, resources } = context;
  const { elb } = context.aws;
  const { name, kind, ipAddressType, subnets } = step;
  const securityGroups = step.securityGroups === "own" ? [resources.needSecurityGroup()] : step.securityGroups;
  const { type, scheme } = kind;
  const wanted = { name, type, scheme, ipAddressType, subnets, securityGroups, tags: ownTags(step.tags, context) };
  const made = await make(
    {
      what: `load balancer ${name}`,
      create: () => calls.write("elasticloadbalancing:CreateLoadBalancer", () => elb.createLoadBalancer(wanted)),
      find: () => calls.read("elasticloadbalancing:DescribeLoadBalancers", () => elb.loadBalancerNamed(name)),
      tags: ({ arn }) => tagsOf(arn, context),
    },
    context,
  );
  resources.loadBalancerArn = made.arn;
}

async function createListener({ listener, tags }: StepOf<"create-listener">, context: StepContext): Promise<void> {
  const { calls, resources } = context;
  const { elb } = context.aws;
  const loadBalancerArn = resources.needLoadBalancer();
  const settings = listenerSettings(listener, listener.certificates[0], () => resources.needTargetGroup());
  const made = await make<Listener>(
    {
      what: `listener ${listener.port} of ${resources.name}`,
      create: () =>
        calls.write("elasticloadbalancing:CreateListener", () => elb.createListener(loadBalancerArn, settings, ownTags(tags, context))),
      find: async () => {
        const there = await calls.read("elasticloadbalancing:DescribeListeners", () => elb.listeners(loadBalancerArn));
        return there.find(({ port }) => port === listener.port);
      },
      tags: ({ arn }) => tagsOf(arn, context),
    },
    context,
  );
  resources.listenerArns.set(listener.port, made.arn);
}

async function addCertificates({ port, arns }: StepOf<"add-certificates">, { aws, calls, resources }: StepContext): Promise<void> {
  const listenerArn = resources.needListener(port);
  const addAll = (some: readonly string[]): Promise<void> =>
    calls.write("elasticloadbalancing:AddListenerCertificates", () => aws.elb.addCertificates(listenerArn, some));
  try {
    await addAll(arns);
  } catch (error) {
    if (arns.length < 2 || !isAboutOne(error)) throw error;
    // One that is not there, or one too many, must not keep the others out.
    const failures: unknown[] = [];
    for (const arn of arns) {
      try {
        await addAll([arn]);
      } catch (failure) {
        if (!isAboutOne(failure)) throw failure;
        failures.push(failure);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

async function attachAutoScalingGroup(
  { group }: StepOf<"attach-auto-scaling-group">,
  { aws, calls, resources }: StepContext,
): Promise<void> {
  const arn = resources.needTargetGroup();
  await calls.write("autoscaling:AttachLoadBalancerTargetGroups", () => aws.autoscaling.attachTargetGroups(group, [arn]));
}

async function registerTargets({ targets }: StepOf<"register-targets">, context: StepContext): Promise<void> {
  const { aws, calls, resources, clock } = context;
  const arn = resources.needTargetGroup();
  for (let at = 0; at < targets.length; at += TARGETS_AT_ONCE) {
    const some = targets.slice(at, at + TARGETS_AT_ONCE);
    await calls.write("elasticloadbalancing:RegisterTargets", () => aws.elb.register(arn, some));
  }
  const isRegistered = async (): Promise<string | undefined> => {
    const health = await calls.read("elasticloadbalancing:DescribeTargetHealth", () => aws.elb.targetHealth(arn));
    const there = new Set(health.filter(({ state }) => state !== "draining").map(({ id, port }) => `${id}:${port}`));
    const missing = targets.filter(({ id, port }) => !there.has(`${id}:${port}`));
    return missing.length === 0 ? undefined : `${missing.length} of ${targets.length} are not registered`;
  };
  await readBack(`targets of ${resources.name}`, isRegistered, clock, context.readBack);
}

function ownTags(tags: ReadonlyMap<string, string>, { ownership, resources }: StepContext): ReadonlyMap<string, string> {
  return new Map([...tags, ...tagsFor(ownership, resources.name)]);
}

async function tagsOf(arn: string, { aws, calls }: StepContext): Promise<ReadonlyMap<string, string>> {
  return (await calls.read("elasticloadbalancing:DescribeTags", () => aws.elb.tags([arn]))).get(arn) ?? new Map();
}

/** Whether AWS refused for what was given, and not because it cannot answer. */
function isAboutOne(error: unknown): boolean {
  return ABOUT_ONE.has((error as { readonly code?: unknown }).code);
}

const ABOUT_ONE: ReadonlySet<unknown> = new Set(["AWS_NOT_FOUND", "AWS_REFUSED", "AWS_QUOTA"]);
