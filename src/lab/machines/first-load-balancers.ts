import { type Aws, connectAws } from "../../aws/index.ts";
import { type Clock, systemRandom } from "../../kernel/index.ts";
import type { Fleet } from "../manifests/index.ts";
import { LAB_TIME } from "../options.ts";
import type { LabPlan } from "../part-configs.ts";
import { NODE_GROUP, VPC, awsAccess, publicSubnet, securityGroupOf } from "./account.ts";

/** Makes a load balancer in front of each fleet of routers, by calls of the API of AWS. @throws AppError AWS_*, CALL_* */
export async function makeLoadBalancers(plan: LabPlan, clock: Clock): Promise<void> {
  const aws = connectAws({ ...awsAccess(plan), share: 1 }, { clock, random: systemRandom });
  try {
    await Promise.all(plan.fleets.map((fleet) => makeLoadBalancer(plan, fleet, aws)));
  } finally {
    aws.close();
  }
}

async function makeLoadBalancer(plan: LabPlan, { policy, trafficPort, adminPort }: Fleet, aws: Aws): Promise<void> {
  const name = `lab-${policy}`;
  const { intervalSeconds, timeoutSeconds, healthyThreshold, unhealthyThreshold, deregistrationDelaySeconds } = LAB_TIME.loadBalancer;
  const tags = new Map([["Name", name]]);
  const group = await aws.elb.createTargetGroup({
    name,
    protocol: "HTTP",
    port: trafficPort,
    vpcId: VPC,
    targetType: "instance",
    healthCheck: {
      protocol: "HTTP",
      port: String(adminPort),
      path: "/readyz",
      intervalSeconds,
      timeoutSeconds,
      healthyThreshold,
      unhealthyThreshold,
      matcher: "200",
    },
    tags,
  });
  const delay = new Map([["deregistration_delay.timeout_seconds", String(deregistrationDelaySeconds)]]);
  await aws.elb.modifyTargetGroupAttributes(group.arn, delay);
  await aws.autoscaling.attachTargetGroups(NODE_GROUP, [group.arn]);
  const { arn } = await aws.elb.createLoadBalancer({
    name,
    type: "application",
    scheme: "internet-facing",
    ipAddressType: "ipv4",
    subnets: plan.network.zones.map((zone) => publicSubnet(zone.name)),
    securityGroups: [securityGroupOf(policy)],
    tags,
  });
  const forward = { type: "forward", groups: [{ arn: group.arn, weight: 1 }] } as const;
  await aws.elb.createListener(arn, { port: 80, protocol: "HTTP", sslPolicy: undefined, certificate: undefined, actions: [forward] }, tags);
}
