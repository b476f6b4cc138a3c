import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { MetricSource } from "../../src/lab/aws/index.ts";
import { awsWithClient } from "../../src/lab/aws/testing/client-kit.ts";
import { balancer } from "../../src/lab/aws/testing/elbv2-kit.ts";

const ARN = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/shop/50dc6c495c0c9188";
const NET = ARN.replace("/app/", "/net/");
const FROM_MS = 1_700_000_100_000;
const window = { fromMs: FROM_MS, toMs: FROM_MS + 30 * 60_000 };
const nothing = { requestCount: undefined, activeConnectionCount: undefined, activeFlowCount: undefined, processedBytes: undefined };

/** A sample each minute of some metrics. */
const each =
  (values: Readonly<Record<string, number>>): MetricSource =>
  ({ name, fromMs, toMs }) => {
    const value = values[name];
    if (value === undefined) return [];
    return Array.from({ length: (toMs - fromMs) / 60_000 }, (_, minute) => ({ atMs: fromMs + minute * 60_000, value }));
  };

test("traffic is added up over a window", async (t: TestContext) => {
  const metrics = each({
    RequestCount: 2,
    ActiveConnectionCount: 1,
    ActiveFlowCount: 7,
    NewFlowCount: 3,
    ProcessedBytes: 100,
    ConsumedLCUs: 0.1,
  });
  const { aws } = await awsWithClient(t, { account: { metrics } });
  assert.deepEqual(await aws.cloudwatch.traffic(ARN, window), {
    requestCount: 60,
    activeConnectionCount: 30,
    activeFlowCount: undefined,
    processedBytes: 3_000,
  });
  assert.deepEqual(await aws.cloudwatch.traffic(NET, window), { ...nothing, requestCount: 90, activeFlowCount: 7, processedBytes: 3_000 });
});

test("what was not reported is zero where CloudWatch had all the rest, and not known where it had nothing or a gap", async (t: TestContext) => {
  let metrics = each({ ConsumedLCUs: 0 });
  const { aws } = await awsWithClient(t, { account: { metrics: (query) => metrics(query) } });
  const idle = { requestCount: 0, activeConnectionCount: 0, activeFlowCount: undefined, processedBytes: 0 };
  assert.deepEqual(await aws.cloudwatch.traffic(ARN, window), idle);
  metrics = () => [];
  assert.deepEqual(await aws.cloudwatch.traffic(ARN, window), nothing);
  const whole = each({ ConsumedLCUs: 0 });
  metrics = (query) => whole(query).filter(({ atMs }) => atMs < FROM_MS + 600_000 || atMs >= FROM_MS + 900_000);
  assert.deepEqual(await aws.cloudwatch.traffic(ARN, window), nothing);
  assert.deepEqual(await aws.cloudwatch.traffic(ARN, { fromMs: FROM_MS, toMs: FROM_MS + 1_000 }), nothing);
});

test("traffic of which the answer says too little is not known", async (t: TestContext) => {
  const { account, aws } = await awsWithClient(t, { account: { metrics: each({ ConsumedLCUs: 0 }) } });
  account.faults.add({ id: "short", action: "GetMetricData", from: 1, count: 1, fault: { kind: "short-list", keep: "half" } });
  assert.deepEqual(await aws.cloudwatch.traffic(ARN, window), nothing);
  account.faults.add({ id: "none", action: "GetMetricData", from: 1, count: Infinity, fault: { kind: "no-list" } });
  await assert.rejects(aws.cloudwatch.traffic(ARN, window), { code: "AWS_INCOMPLETE" });
});

test("a load balancer gets a web ACL, another one, and none", async (t: TestContext) => {
  const acl = (name: string) => ({
    arn: `arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/${name}/a1b2c3d4-5678-90ab-cdef-111111111111`,
    name,
    id: "a1b2c3d4-5678-90ab-cdef-111111111111",
  });
  const world = { webAcls: new Map([acl("one"), acl("two")].map((one) => [one.arn, one])) };
  const { account, aws } = await awsWithClient(t, { account: { world, provisioningMs: 0 } });
  const arn = await balancer(account, "shop");
  assert.equal(await aws.waf.webAcl(arn), undefined);
  for (const name of ["one", "two"]) {
    await aws.waf.associate(arn, acl(name).arn);
    assert.equal(await aws.waf.webAcl(arn), acl(name).arn);
  }
  await aws.waf.disassociate(arn);
  assert.equal(await aws.waf.webAcl(arn), undefined);
  await assert.rejects(aws.waf.associate(arn, acl("none").arn), { code: "AWS_NOT_FOUND" });
});
