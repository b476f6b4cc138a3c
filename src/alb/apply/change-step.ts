import { assertNever } from "../../kernel/index.ts";
import type { ChangeStep } from "../plan/step.ts";
import { denyHosts } from "./deny-hosts.ts";
import { listenerSettings } from "./listener-settings.ts";
import type { StepContext } from "./step-context.ts";

type StepOf<Type extends ChangeStep["type"]> = Extract<ChangeStep, { readonly type: Type }>;

/** Does a step that changes how something serves. Rejects with AppError; then it may be done all the same, and is safe to be done again. */
export async function change(step: ChangeStep, context: StepContext): Promise<void> {
  const { calls, resources } = context;
  const { elb, waf } = context.aws;
  switch (step.type) {
    case "modify-listener":
      return modifyListener(step, context);
    case "deny-hosts":
      return denyHosts(step, context);
    case "modify-target-group": {
      const arn = resources.needTargetGroup();
      await calls.write("elasticloadbalancing:ModifyTargetGroup", () => elb.modifyTargetGroup(arn, step.healthCheck));
      return;
    }
    case "set-load-balancer-attributes": {
      const arn = resources.needLoadBalancer();
      return calls.write("elasticloadbalancing:ModifyLoadBalancerAttributes", () => elb.modifyLoadBalancerAttributes(arn, step.attributes));
    }
    case "set-target-group-attributes": {
      const arn = resources.needTargetGroup();
      return calls.write("elasticloadbalancing:ModifyTargetGroupAttributes", () => elb.modifyTargetGroupAttributes(arn, step.attributes));
    }
    case "set-subnets": {
      const arn = resources.needLoadBalancer();
      return calls.write("elasticloadbalancing:SetSubnets", () => elb.setSubnets(arn, step.subnets));
    }
    case "set-ip-address-type": {
      const arn = resources.needLoadBalancer();
      return calls.write("elasticloadbalancing:SetIpAddressType", () => elb.setIpAddressType(arn, step.ipAddressType));
    }
    case "set-security-groups": {
      const arn = resources.needLoadBalancer();
      const ids = step.securityGroups === "own" ? [resources.needSecurityGroup()] : step.securityGroups;
      return calls.write("elasticloadbalancing:SetSecurityGroups", () => elb.setSecurityGroups(arn, ids));
    }
    case "set-web-acl": {
      const arn = resources.needLoadBalancer();
      if (step.webAcl === "none") return calls.write("wafv2:DisassociateWebACL", () => waf.disassociate(arn));
      return calls.write("wafv2:AssociateWebACL", () => waf.associate(arn, step.webAcl));
    }
    case "tag":
      return tag(step, context);
    default:
      return assertNever(step);
  }
}

/**
 * The default certificate stays the one that is there: another one is a removal of its own. It is asked for now, because a plan may be older than
 * what somebody did by hand.
 */
async function modifyListener({ listener }: StepOf<"modify-listener">, { aws, calls, resources }: StepContext): Promise<void> {
  const arn = resources.needListener(listener.port);
  const isSecure = listener.protocol === "HTTPS" || listener.protocol === "TLS";
  const there = isSecure ? await calls.read("elasticloadbalancing:DescribeListenerCertificates", () => aws.elb.certificates(arn)) : [];
  const certificate = isSecure ? (there[0] ?? listener.certificates[0]) : undefined;
  const settings = listenerSettings(listener, certificate, () => resources.needTargetGroup());
  await calls.write("elasticloadbalancing:ModifyListener", () => aws.elb.modifyListener(arn, settings));
}

async function tag({ what, tags }: StepOf<"tag">, { aws, calls, resources }: StepContext): Promise<void> {
  if (what === "security-group") {
    const id = resources.needSecurityGroup();
    return calls.write("ec2:CreateTags", () => aws.ec2.createTags([id], tags));
  }
  const arn = what === "load-balancer" ? resources.needLoadBalancer() : resources.needTargetGroup();
  return calls.write("elasticloadbalancing:AddTags", () => aws.elb.addTags([arn], tags));
}
