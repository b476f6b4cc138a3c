import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../kernel/testing/manual-clock.ts";
import { silentLog } from "../../telemetry/index.ts";
import { startLabAws } from "./lab-aws.ts";
import { balancer } from "./testing/elbv2-kit.ts";
import { groupOf, testAccount, testOptions } from "./testing/test-account.ts";

test("an account moves on by itself, and stands still when it is closed", async (t) => {
  const clock = new ManualClock();
  const first = { ...testOptions.first, autoScalingGroups: new Map([["nodes", groupOf(3)]]) };
  const aws = await startLabAws({ ...testOptions, first, clock, log: silentLog, advanceEveryMs: 500 });
  t.after(() => aws.close());
  await clock.advance(11_000);
  assert.deepEqual(
    [...aws.store.now.instances.values()].map(({ state }) => state),
    ["running", "running", "running"],
  );
  const { version } = aws.store.now;
  await clock.advance(60_000);
  assert.equal(aws.store.now.version, version, "where nothing happens there is no new world");
  await aws.close();
  assert.equal(clock.pending, 0);
});

test("what reads answer may be older than what was written", async (t) => {
  const account = await testAccount(t, { apiDelayMs: 2_000 });
  await balancer(account, "shop");
  const described = (): Promise<{ code: string | undefined }> =>
    account.call("elasticloadbalancing", "DescribeLoadBalancers", { Names: ["shop"] });
  assert.equal((await described()).code, "LoadBalancerNotFound");
  await account.clock.advance(2_000);
  assert.equal((await described()).code, undefined);
});
