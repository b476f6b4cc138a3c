import assert from "node:assert/strict";
import { test } from "node:test";
import { testAccount } from "../testing/test-account.ts";
import { TokenBuckets, tokenBuckets } from "./token-buckets.ts";

const elb = "elasticloadbalancing";

test("a class of actions is throttled when its burst is spent, and comes back at its rate", async (t) => {
  const account = await testAccount(t, { buckets: tokenBuckets() });
  const describe = async (): Promise<string | undefined> => (await account.call(elb, "DescribeLoadBalancers")).code;
  for (let call = 1; call <= 40; call++) assert.equal(await describe(), undefined, String(call));
  assert.equal(await describe(), "Throttling");
  assert.equal((await account.call(elb, "DescribeTargetGroups")).code, "Throttling", "of the same class");
  assert.equal(
    (await account.call(elb, "CreateTargetGroup", { Name: "a", Protocol: "HTTP", Port: 1, VpcId: "vpc-1" })).code,
    undefined,
    "of another class",
  );
  assert.equal((await account.call("ec2", "DescribeVpcs")).code, undefined, "of another service");
  await account.clock.advance(100);
  assert.equal(await describe(), undefined);
  assert.equal(await describe(), "Throttling");
  await account.clock.advance(3_600_000);
  for (let call = 1; call <= 40; call++) assert.equal(await describe(), undefined);
  assert.equal(await describe(), "Throttling", "it holds no more than its burst");
});

test("a call that is throttled takes no token", () => {
  const buckets = new TokenBuckets([{ name: "all", actions: /./, size: { burst: 1, perSecond: 1 } }]);
  assert.deepEqual(
    [0, 500, 900, 1_000, 1_500].map((nowMs) => buckets.take("Any", nowMs)),
    [true, false, false, true, false],
  );
});

test("what no class names is not limited", () => {
  const buckets = new TokenBuckets([{ name: "reads", actions: /^Describe/, size: { burst: 0, perSecond: 0 } }]);
  assert.deepEqual([buckets.take("DescribeVpcs", 0), buckets.take("CreateTags", 0)], [false, true]);
});

test("services count their actions each in its own way", async (t) => {
  const account = await testAccount(t, { buckets: tokenBuckets() });
  const codes = async (service: "acm" | "ec2", action: string, times: number): Promise<readonly (string | undefined)[]> => {
    const all: (string | undefined)[] = [];
    for (let call = 0; call < times; call++) all.push((await account.call(service, action)).code);
    return all;
  };
  assert.deepEqual(await codes("acm", "ListCertificates", 3), [undefined, undefined, "ThrottlingException"]);
  assert.deepEqual(new Set(await codes("ec2", "DescribeVpcs", 100)), new Set([undefined]));
  assert.deepEqual(await codes("ec2", "DescribeSubnets", 1), ["RequestLimitExceeded"]);
});
