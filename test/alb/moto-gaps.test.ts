import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { type Sdk, sdkOf } from "./end-to-end/place.ts";
import { MOTO_CREDENTIALS, MOTO_REGION, NOT_RUN, hasMoto, startMoto } from "./kit/moto.ts";

// What moto does otherwise than AWS, as docs/reference/moto-gaps.md tells it. One that fails here is a gap that moto has closed: take it from the page, and
// what goes around it from end-to-end/moto-place.ts.

interface Made {
  readonly sdk: Sdk;
  readonly place: { readonly endpoint: string; readonly region: string; readonly credentials: typeof MOTO_CREDENTIALS };
  readonly vpcId: string;
  readonly subnets: string[];
  readonly securityGroup: string;
  readonly loadBalancer: string;
  readonly targetGroup: string;
}

async function made(t: TestContext): Promise<Made> {
  const place = { endpoint: await startMoto(t), region: MOTO_REGION, credentials: MOTO_CREDENTIALS };
  const sdk = sdkOf(t, place);
  const vpcId = (await sdk.ec2.describeVpcs({})).Vpcs?.[0]?.VpcId ?? "";
  const subnets = ((await sdk.ec2.describeSubnets({})).Subnets ?? []).map(({ SubnetId }) => SubnetId ?? "");
  const { GroupId: securityGroup = "" } = await sdk.ec2.createSecurityGroup({ GroupName: "lb", Description: "of a test", VpcId: vpcId });
  const { LoadBalancers = [] } = await sdk.elb.createLoadBalancer({ Name: "shop", Subnets: subnets, SecurityGroups: [securityGroup] });
  const { TargetGroups = [] } = await sdk.elb.createTargetGroup({
    Name: "shop",
    Protocol: "HTTP",
    Port: 9999,
    VpcId: vpcId,
    TargetType: "ip",
  });
  const loadBalancer = LoadBalancers[0]?.LoadBalancerArn ?? "";
  const targetGroup = TargetGroups[0]?.TargetGroupArn ?? "";
  const listener = {
    LoadBalancerArn: loadBalancer,
    Protocol: "HTTP",
    DefaultActions: [{ Type: "forward", TargetGroupArn: targetGroup }],
  } as const;
  for (const Port of [80, 8080]) await sdk.elb.createListener({ ...listener, DefaultActions: [...listener.DefaultActions], Port });
  return { sdk, place, vpcId, subnets, securityGroup, loadBalancer, targetGroup };
}

if (hasMoto) {
  test("what moto does otherwise than AWS", async (t) => {
    const { sdk, place, vpcId, subnets, securityGroup, loadBalancer, targetGroup } = await made(t);
    const { elb, ec2 } = sdk;
    const describedTargetGroup = async () => (await elb.describeTargetGroups({ TargetGroupArns: [targetGroup] })).TargetGroups?.[0];

    await t.test("gap: the default VPC has no way to the internet", async () => {
      const { RouteTables = [] } = await ec2.describeRouteTables({ Filters: [{ Name: "vpc-id", Values: [vpcId] }] });
      assert.deepEqual(
        RouteTables.flatMap(({ Routes = [] }) => Routes.map(({ GatewayId }) => GatewayId)),
        ["local"],
      );
    });

    await t.test("gap: a load balancer that was made without a scheme is described without one", async () => {
      const { LoadBalancers = [] } = await elb.describeLoadBalancers({ LoadBalancerArns: [loadBalancer] });
      assert.deepEqual(
        LoadBalancers.map(({ Scheme, State }) => [Scheme, State?.Code]),
        [[undefined, "active"]],
      );
    });

    await t.test("gap: a listener without TLS has a security policy, and its action no ForwardConfig", async () => {
      const { Listeners = [] } = await elb.describeListeners({ LoadBalancerArn: loadBalancer });
      assert.equal(Listeners[0]?.SslPolicy, "ELBSecurityPolicy-2016-08");
      assert.deepEqual(Listeners[0]?.DefaultActions, [{ Type: "forward", TargetGroupArn: targetGroup }]);
    });

    await t.test("gap: a target is healthy as soon as it is registered, and gone as soon as it is deregistered", async () => {
      const Targets = [{ Id: "10.0.0.5", Port: 9999 }];
      const health = async () =>
        ((await elb.describeTargetHealth({ TargetGroupArn: targetGroup })).TargetHealthDescriptions ?? []).map(
          (one) => one.TargetHealth?.State,
        );
      await elb.registerTargets({ TargetGroupArn: targetGroup, Targets });
      assert.deepEqual(await health(), ["healthy"]);
      await elb.deregisterTargets({ TargetGroupArn: targetGroup, Targets });
      assert.deepEqual(await health(), []);
    });

    await t.test("gap: a security group that a load balancer has can be deleted", async () => {
      await ec2.deleteSecurityGroup({ GroupId: securityGroup });
    });

    await t.test("gap: there may be two load balancers of one name", async () => {
      const { LoadBalancers = [] } = await elb.createLoadBalancer({ Name: "shop", Subnets: subnets });
      const other = LoadBalancers[0]?.LoadBalancerArn;
      const all = (await elb.describeLoadBalancers({})).LoadBalancers ?? [];
      assert.deepEqual(
        all.map(({ LoadBalancerName }) => LoadBalancerName),
        ["shop", "shop"],
      );
      assert.notEqual(other, loadBalancer);
      await elb.deleteLoadBalancer({ LoadBalancerArn: other });
    });

    await t.test("gap: CloudWatch has nothing of load balancers, and anybody may put it there", async () => {
      const cloudwatch = new CloudWatch(place);
      t.after(() => cloudwatch.destroy());
      const ofShop = {
        Namespace: "AWS/ApplicationELB",
        MetricName: "ConsumedLCUs",
        Dimensions: [{ Name: "LoadBalancer", Value: loadBalancer.slice(loadBalancer.indexOf("app/")) }],
      };
      const values = async (): Promise<readonly number[]> => {
        const query = { Id: "lcus", MetricStat: { Metric: ofShop, Period: 300, Stat: "Sum" } };
        const nowMs = Date.now();
        const { MetricDataResults = [] } = await cloudwatch.getMetricData({
          MetricDataQueries: [query],
          StartTime: new Date(nowMs - 3_600_000),
          EndTime: new Date(nowMs + 60_000),
        });
        return MetricDataResults.flatMap(({ Values = [] }) => Values);
      };
      assert.deepEqual(await values(), []);
      const { Namespace, MetricName, Dimensions } = ofShop;
      await cloudwatch.putMetricData({
        Namespace,
        MetricData: [{ MetricName, Dimensions, Timestamp: new Date(Date.now() - 600_000), Value: 7 }],
      });
      assert.deepEqual(await values(), [7]);
    });

    await t.test("gap: a signature with another key is as good", async () => {
      const stranger = sdkOf(t, { ...place, credentials: { accessKeyId: "AKIANOBODY", secretAccessKey: "guessed" } });
      assert.equal((await stranger.elb.describeLoadBalancers({})).LoadBalancers?.length, 1);
    });

    await t.test(
      "gap: deletion protection protects nothing, and target groups name a load balancer that was deleted, once for each listener",
      async () => {
        await elb.modifyLoadBalancerAttributes({
          LoadBalancerArn: loadBalancer,
          Attributes: [{ Key: "deletion_protection.enabled", Value: "true" }],
        });
        await elb.deleteLoadBalancer({ LoadBalancerArn: loadBalancer });
        assert.deepEqual((await elb.describeLoadBalancers({})).LoadBalancers, []);
        assert.deepEqual((await describedTargetGroup())?.LoadBalancerArns, [loadBalancer, loadBalancer]);
      },
    );
  });
} else process.stdout.write(`not run: what moto does otherwise than AWS ${NOT_RUN}\n`);
