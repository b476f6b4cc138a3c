import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Aws } from "../../src/aws/index.ts";
import { tokenBuckets } from "../../src/lab/aws/front/token-buckets.ts";
import type { Fault } from "../../src/lab/aws/index.ts";
import { awsWithClient, sdkClientOf } from "../../src/lab/aws/testing/client-kit.ts";
import { furnish, worldOf } from "./client-faults.ts";

async function furnished(t: TestContext) {
  const both = await awsWithClient(t, { account: { world: worldOf(0), provisioningMs: 0 } });
  const there = await furnish(both.account, both.aws);
  /** With a client of its own: what it sees opens no circuit breaker for the others. */
  const under = async <T>(action: string, fault: Fault, read: (aws: Aws) => Promise<T>): Promise<T> => {
    both.account.faults.add({ id: action, action, from: 1, count: Infinity, fault });
    try {
      return await read(sdkClientOf(t, both.account));
    } finally {
      both.account.faults.remove(action);
    }
  };
  return { ...both, there, under };
}

test("a list that is short and says nothing of it is seen as it is; by its ARN what it lacks is asked for in vain, and not said to be gone", async (t) => {
  const { there, under } = await furnished(t);
  const short = { kind: "short-list", keep: "none" } as const;
  assert.deepEqual(await under("DescribeLoadBalancers", short, (aws) => aws.elb.loadBalancers()), []);
  await assert.rejects(
    under("DescribeLoadBalancers", short, (aws) => aws.elb.loadBalancer(there.balancer.arn)),
    { code: "AWS_INCOMPLETE" },
  );
  await assert.rejects(
    under("DescribeTags", { kind: "short-list", keep: "half" }, (aws) => aws.elb.tags([there.balancer.arn, there.group.arn])),
    { code: "AWS_INCOMPLETE" },
  );
});

test("a stale read shows what was, and a phantom is listed and not found by its ARN", async (t) => {
  const { account, aws, there, under } = await furnished(t);
  await aws.elb.deleteListener(there.listener.arn);
  const stale = await under("DescribeListeners", { kind: "stale", ageMs: 60_000 }, (aws) => aws.elb.listeners(there.balancer.arn)).catch(
    (error: { readonly code: string }) => error.code,
  );
  // A minute ago there was no load balancer either.
  assert.equal(stale, "AWS_NOT_FOUND");
  assert.deepEqual(await aws.elb.listeners(there.balancer.arn), []);
  const listed = await under("DescribeLoadBalancers", { kind: "phantom" }, (aws) => aws.elb.loadBalancers());
  assert.equal(listed.length, 2);
  await assert.rejects(aws.elb.loadBalancer(listed[1]?.arn ?? ""), { code: "AWS_NOT_FOUND" });
  assert.equal(account.store.now.loadBalancers.size, 1);
});

test("a state that no document names is passed on, and a field that is missing is no state", async (t) => {
  const { there, under } = await furnished(t);
  const health = (aws: Aws) => aws.elb.targetHealth(there.group.arn);
  const seen = await under("DescribeTargetHealth", { kind: "unknown-enum" }, health);
  assert.deepEqual(
    seen.map(({ state }) => state),
    ["banana", "banana"],
  );
  await assert.rejects(under("DescribeTargetHealth", { kind: "missing-field", field: "State" }, health), { code: "AWS_INCOMPLETE" });
  await assert.rejects(under("DescribeTargetHealth", { kind: "missing-field", field: "Port" }, health), { code: "AWS_INCOMPLETE" });
});

test("a write that AWS says is done and is not done shows when it is read back", async (t) => {
  const { aws, there, under } = await furnished(t);
  await under("RegisterTargets", { kind: "no-effect" }, (aws) =>
    aws.elb.register(there.group.arn, [{ id: "10.0.0.9", port: 9999, zone: undefined }]),
  );
  assert.equal((await aws.elb.targetHealth(there.group.arn)).length, 2);
});

test("one client never meets the limits of the account", async (t) => {
  const { account } = await awsWithClient(t, { account: { buckets: tokenBuckets() } });
  const aws = sdkClientOf(t, account, { share: 0.5, times: { timeoutMs: 60_000, attemptTimeoutMs: 10_000 } });
  await Promise.all([
    ...Array.from({ length: 30 }, () => aws.elb.loadBalancers()),
    ...Array.from({ length: 3 }, () => aws.acm.certificates({ withTags: false })),
  ]);
  const throttled = account.calls.filter(({ error }) => error !== undefined).map(({ action, error }) => `${action} ${String(error)}`);
  assert.deepEqual(throttled, []);
});
