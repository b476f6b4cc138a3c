import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import type { TestContext } from "node:test";
import { issued } from "../../../src/lab/aws/testing/elbv2-kit.ts";
import { OWNERSHIP } from "../kit/first-world.ts";
import type { JumpingClock } from "../kit/jumping-clock.ts";
import { MOTO_CREDENTIALS, MOTO_REGION, startMoto } from "../kit/moto.ts";
import type { Mend } from "./counted-calls.ts";
import { type Place, type Sdk, sdkOf } from "./place.ts";

const CLUSTER = { Key: `kubernetes.io/cluster/${OWNERSHIP.clusterId}`, Value: "owned" };
const MINUTE_MS = 60_000;
/** PutMetricData takes so many at once. */
const MOST_METRICS = 500;

/** moto's AWS. What it lacks is put in its place here; docs/reference/moto-gaps.md has the list, and moto-gaps.test.ts sees each of it. */
export async function motoPlace(t: TestContext, clock: JumpingClock): Promise<Place> {
  const endpoint = await startMoto(t);
  const place = { endpoint, region: MOTO_REGION, credentials: MOTO_CREDENTIALS };
  const sdk = sdkOf(t, place);
  const cloudwatch = new CloudWatch(place);
  t.after(() => cloudwatch.destroy());
  const vpcId = (await sdk.ec2.describeVpcs({})).Vpcs?.[0]?.VpcId ?? "";
  const subnets = ((await sdk.ec2.describeSubnets({})).Subnets ?? []).map(({ SubnetId }) => SubnetId ?? "");
  await openToTheInternet(sdk, vpcId);
  await sdk.ec2.createTags({ Resources: subnets, Tags: [CLUSTER, { Key: "kubernetes.io/role/elb", Value: "1" }] });
  const { GroupId = "" } = await sdk.ec2.createSecurityGroup({ GroupName: "lb", Description: "of load balancers", VpcId: vpcId });
  const lb = [CLUSTER, { Key: "kubernetes:application", Value: OWNERSHIP.controllerId }];
  await sdk.ec2.createTags({ Resources: [GroupId], Tags: lb });
  await startNodes(sdk, subnets);
  for (const host of ["shop.example.org", "*.example.org", "api.example.org"]) {
    const { certificate, key } = issued(clock.wallMs(), [host]);
    await sdk.acm.importCertificate({ Certificate: Buffer.from(certificate), PrivateKey: Buffer.from(key) });
  }
  await somebodyElse(sdk, { vpcId, subnets, securityGroup: GroupId });
  return {
    ...place,
    sdk,
    mend: withoutDeleted(),
    async nobodySends(arn) {
      const Dimensions = [{ Name: "LoadBalancer", Value: arn.slice(arn.indexOf("app/")) }];
      const first = Math.floor(clock.wallMs() / MINUTE_MS) * MINUTE_MS;
      for (let at = 0; at < HOURS * 12; at += MOST_METRICS)
        await cloudwatch.putMetricData({
          Namespace: "AWS/ApplicationELB",
          MetricData: Array.from({ length: Math.min(MOST_METRICS, HOURS * 12 - at) }, (_, n) => ({
            MetricName: "ConsumedLCUs",
            Dimensions,
            Timestamp: new Date(first + (at + n) * 5 * MINUTE_MS),
            Value: 0.01,
          })),
        });
    },
  };
}

const HOURS = 12;

/** A VPC of moto's has no way to the internet, as AWS's default VPC has. */
async function openToTheInternet({ ec2 }: Sdk, VpcId: string): Promise<void> {
  const { InternetGateway } = await ec2.createInternetGateway({});
  const { InternetGatewayId } = InternetGateway ?? {};
  await ec2.attachInternetGateway({ InternetGatewayId, VpcId });
  const { RouteTables = [] } = await ec2.describeRouteTables({ Filters: [{ Name: "vpc-id", Values: [VpcId] }] });
  await ec2.createRoute({ RouteTableId: RouteTables[0]?.RouteTableId, DestinationCidrBlock: "0.0.0.0/0", GatewayId: InternetGatewayId });
}

/** Target groups of moto's go on naming a load balancer that was deleted, and are in use for ever. */
function withoutDeleted(): Mend {
  const deleted = new Set<string>();
  return ({ action, asked, answered }) => {
    if (action === "DeleteLoadBalancer") deleted.add(new URLSearchParams(asked).get("LoadBalancerArn") ?? "");
    if (action !== "DescribeTargetGroups") return answered;
    return [...deleted].reduce((text, arn) => text.replaceAll(`<member>${arn}</member>`, ""), answered);
  };
}

async function startNodes({ autoscaling }: Sdk, subnets: readonly string[]): Promise<void> {
  const LaunchConfigurationName = "nodes";
  await autoscaling.createLaunchConfiguration({ LaunchConfigurationName, ImageId: "ami-12c6146b", InstanceType: "m5.large" });
  for (const AutoScalingGroupName of ["nodes-a", "nodes-b"])
    await autoscaling.createAutoScalingGroup({
      AutoScalingGroupName,
      LaunchConfigurationName,
      MinSize: 0,
      MaxSize: 4,
      DesiredCapacity: 3,
      VPCZoneIdentifier: subnets.join(","),
      Tags: [{ ...CLUSTER, PropagateAtLaunch: true }],
    });
}

/** A load balancer that is called as ours are and has no tags, with a target group on nobody's nodes. */
async function somebodyElse(
  { elb }: Sdk,
  { vpcId, subnets, securityGroup }: { readonly vpcId: string; readonly subnets: string[]; readonly securityGroup: string },
): Promise<void> {
  const Name = "hf-lab-0000000000000000";
  const { LoadBalancers = [] } = await elb.createLoadBalancer({
    Name,
    Scheme: "internet-facing",
    Subnets: subnets,
    SecurityGroups: [securityGroup],
  });
  const { TargetGroups = [] } = await elb.createTargetGroup({ Name, Protocol: "HTTP", Port: 9999, VpcId: vpcId });
  await elb.createListener({
    LoadBalancerArn: LoadBalancers[0]?.LoadBalancerArn,
    Protocol: "HTTP",
    Port: 80,
    DefaultActions: [{ Type: "forward", TargetGroupArn: TargetGroups[0]?.TargetGroupArn }],
  });
}
