import assert from "node:assert/strict";
import { test } from "node:test";
import { type AwsWorld, withRecord } from "../../../src/lab/aws/world/world.ts";
import { ingress } from "../kit/cluster.ts";
import { CERTIFICATES } from "../kit/first-world.ts";
import { HOUR_MS, MINUTE_MS, run, servedSnapshot } from "./run.ts";

const served = servedSnapshot([ingress("shop", ["shop.example.org"])]);
const OWN = ingress("own", ["own.example.org"], { "zalando.org/aws-load-balancer-shared": "false" });
const TAKES_AWAY = /^(Delete|Deregister|Detach|Revoke|Remove)/;

test("L9, P3: while AWS throttles every call all is as it was; what was asked for meanwhile is there minutes after, and nothing goes then", async (t) => {
  const it = await run(t, [], { from: await served });
  it.account.faults.add({ id: "throttled", action: "*", from: 1, count: Infinity, fault: { kind: "throttle" } });
  await it.cluster.put(OWN);
  await it.clock.pass(5 * MINUTE_MS);
  assert.ok((it.account.faults.witness()[0]?.met ?? 0) > 0);
  it.account.faults.clear();
  const calls = it.account.calls.length;
  await it.served(5 * MINUTE_MS);
  await it.clock.pass(10 * MINUTE_MS);
  assert.deepEqual(
    it.writesSince(calls).filter((action) => TAKES_AWAY.test(action)),
    [],
  );
  assert.deepEqual(it.losses(), []);
});

test("P4: answers that are older than what was made meanwhile lead to nothing that goes, and to nothing that is there twice", async (t) => {
  const it = await run(t, [], { from: await served });
  await it.cluster.put(OWN);
  await it.served();
  const before = it.settled();
  it.account.faults.add({ id: "old", action: "Describe*", from: 1, count: Infinity, fault: { kind: "stale", ageMs: HOUR_MS } });
  const calls = it.account.calls.length;
  // What is looked at anew when something changes.
  await it.cluster.put(ingress("www", ["www.example.org"]));
  await it.clock.pass(5 * MINUTE_MS);
  assert.ok((it.account.faults.witness()[0]?.met ?? 0) > 0);
  assert.deepEqual(
    it.writesSince(calls).filter((action) => TAKES_AWAY.test(action)),
    [],
  );
  it.account.faults.clear();
  await it.served();
  assert.deepEqual(
    before.filter((line) => line.startsWith("load balancer")),
    it.settled().filter((line) => line.startsWith("load balancer")),
  );
  assert.deepEqual(it.losses(), []);
});

test("L11: what somebody changed by hand is as it was within two hours", async (t) => {
  const it = await run(t, [], { from: await served });
  await it.clock.pass(5 * MINUTE_MS);
  // The certificate that somebody put there goes later.
  const now = (): string => it.settled().join("\n").replaceAll(`${CERTIFICATES.foreign},`, "").replaceAll(`,${CERTIFICATES.foreign}`, "");
  const before = now();
  it.account.byHand(spoilt);
  assert.notEqual(now(), before);
  await it.clock.until("as it was", () => now() === before, 2 * HOUR_MS + 5 * MINUTE_MS);
});

/** An idle timeout, a health check, the policy of a listener, its certificate, and an Auto Scaling group that are not as they should be. */
function spoilt(world: AwsWorld): AwsWorld {
  let next = world;
  for (const balancer of world.loadBalancers.values()) {
    if (!/^hf-lab-.*-0$/.test(balancer.name)) continue;
    const attributes = new Map([...balancer.attributes, ["idle_timeout.timeout_seconds", "7"]]);
    next = withRecord(next, "loadBalancers", balancer.arn, { ...balancer, attributes });
    for (const listener of world.listeners.values())
      if (listener.loadBalancerArn === balancer.arn && listener.port === 443)
        next = withRecord(next, "listeners", listener.arn, {
          ...listener,
          sslPolicy: "ELBSecurityPolicy-2016-08",
          certificates: [CERTIFICATES.foreign],
        });
  }
  for (const group of world.targetGroups.values()) {
    if (!/^hf-lab-.*-0$/.test(group.name)) continue;
    next = withRecord(next, "targetGroups", group.arn, {
      ...group,
      healthCheck: { ...group.healthCheck, path: "/", intervalSeconds: 300 },
    });
    for (const scaling of world.autoScalingGroups.values())
      next = withRecord(next, "autoScalingGroups", scaling.name, {
        ...scaling,
        targetGroups: new Map([...scaling.targetGroups].filter(([arn]) => arn !== group.arn)),
      });
  }
  return next;
}
