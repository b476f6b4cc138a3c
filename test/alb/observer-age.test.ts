import assert from "node:assert/strict";
import { test } from "node:test";
import { createObserver } from "../../src/alb/observe/observer.ts";
import { connectAws } from "../../src/aws/index.ts";
import { tagsFor } from "../../src/alb/plan/ownership.ts";
import { startAccount } from "./kit/account.ts";
import { NODE_GROUPS, OWNERSHIP } from "./kit/first-world.ts";
import { JumpingClock } from "./kit/jumping-clock.ts";
import { UnderWay } from "./kit/under-way.ts";

test("Auto Scaling groups whose attachments nobody has to ask for again are as new as the list, so that a removal can be proved", async (t) => {
  const underWay = new UnderWay();
  const clock = new JumpingClock(underWay);
  const account = await startAccount({ clock, underWay, live: () => [] });
  const { endpoint, credentials, region } = account;
  const aws = connectAws({ endpoint, credentials, region }, { clock, random: { next: () => 0.5 } });
  t.after(async () => {
    aws.close();
    await account.close();
    clock.close();
    underWay.close();
  });
  const done = <T>(call: Promise<T>): Promise<T> => clock.during(call, 600_000);
  const healthCheck = { protocol: "HTTP", port: "9911", path: "/readyz", intervalSeconds: 10, timeoutSeconds: 5 };
  const group = await done(
    aws.elb.createTargetGroup({
      name: "hf-lab-shop",
      protocol: "HTTP",
      port: 9999,
      vpcId: "vpc-1",
      targetType: "instance",
      healthCheck: { ...healthCheck, healthyThreshold: 3, unhealthyThreshold: 2, matcher: "200" },
      tags: tagsFor(OWNERSHIP, "hf-lab-shop"),
    }),
  );
  for (const name of NODE_GROUPS) await done(aws.autoscaling.attachTargetGroups(name, [group.arn]));
  await clock.pass(60_000);
  const observer = createObserver(
    aws,
    {
      ownership: OWNERSHIP,
      vpcId: "vpc-1",
      targetType: "instance",
      groupTags: undefined,
      certificateFilterTag: undefined,
      excludedCertificates: new Set(),
      readsIamCertificates: false,
      readsRules: false,
    },
    { clock, random: { next: () => 0.5 } },
  );
  const look = async () => {
    const { observed } = await done(observer.observe({ names: [], readsWebAcls: false }));
    const groups = observed.autoScalingGroups;
    assert.equal(groups.state, "fresh");
    assert.deepEqual(
      groups.value.map(({ name, targetGroups }) => `${name} ${[...targetGroups.values()].join()}`),
      ["nodes-a Added", "nodes-b Added"],
    );
    return groups.atMs;
  };
  const first = await look();
  const calls = account.calls.length;
  await clock.pass(60_000);
  observer.lookAgain();
  assert.ok((await look()) >= first + 60_000);
  assert.equal(account.calls.slice(calls).filter(({ action }) => action === "DescribeLoadBalancerTargetGroups").length, 0);
});
