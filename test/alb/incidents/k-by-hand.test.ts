import assert from "node:assert/strict";
import { test } from "node:test";
import type { AwsWorld } from "../../../src/lab/aws/world/world.ts";
import { ingress } from "../kit/cluster.ts";
import { MINUTE_MS, run } from "./run.ts";

/** As somebody does in the console: its listeners go with it, its target group stays. */
function withoutLoadBalancer(world: AwsWorld, arn: string): AwsWorld {
  const isOf = (of: string): boolean => of === arn;
  const listeners = [...world.listeners].filter(([, one]) => !isOf(one.loadBalancerArn));
  const kept = new Set(listeners.map(([listener]) => listener));
  return {
    ...world,
    loadBalancers: new Map([...world.loadBalancers].filter(([one]) => !isOf(one))),
    listeners: new Map(listeners),
    tags: new Map([...world.tags].filter(([of]) => !isOf(of) && (!world.listeners.has(of) || kept.has(of)))),
  };
}

test("K12: while a load balancer that somebody deleted is missing the others are changed, and it is made again under its name", async (t) => {
  const own = { "zalando.org/aws-load-balancer-shared": "false" };
  const it = await run(t, [ingress("shop", ["shop.example.org"]), ingress("own", ["own.example.org"], own)], { leaseSeconds: 900 });
  await it.served();
  await it.clock.pass(3 * MINUTE_MS);
  const { account, clock, cluster } = it;
  const statusOf = (name: string): string | undefined =>
    cluster.live().find(({ owner }) => owner === `Ingress default/${name}`)?.statusHosts[0];
  const deleted = [...account.store.now.loadBalancers.values()].find(({ dnsName }) => dnsName.toLowerCase() === statusOf("own"));
  assert.ok(deleted !== undefined);
  const ofIt = (): readonly string[] => it.settled().filter((line) => line.includes(deleted.name));
  const before = ofIt();
  account.byHand((world) => withoutLoadBalancer(world, deleted.arn));
  await cluster.put(ingress("www", ["www.example.org"]));
  await clock.until("www is served by the other one", () => statusOf("www") === statusOf("shop"), 2 * MINUTE_MS);
  await it.served(30 * MINUTE_MS);
  await clock.pass(2 * MINUTE_MS);
  assert.deepEqual(ofIt(), before);
  assert.deepEqual(it.losses(), []);
});
