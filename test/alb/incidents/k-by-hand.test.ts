import assert from "node:assert/strict";
import { test } from "node:test";
import { ownedAs } from "../../../src/alb/plan/ownership.ts";
import type { AwsWorld } from "../../../src/lab/aws/world/world.ts";
import { startBench } from "../kit/bench.ts";
import { ingress, ingressClass } from "../kit/cluster.ts";
import { startController } from "../kit/controller.ts";
import { OWNERSHIP } from "../kit/first-world.ts";
import { startFailedWay } from "./failed-way.ts";
import { MINUTE_MS, run } from "./run.ts";

/** As somebody does in the console: its listeners go with it. Auto Scaling groups keep the ARN of a target group that is deleted. */
function withoutLoadBalancer(world: AwsWorld, arn: string, targetGroup?: string): AwsWorld {
  const isOf = (of: string): boolean => of === arn;
  const listeners = [...world.listeners].filter(([, one]) => !isOf(one.loadBalancerArn));
  const kept = new Set(listeners.map(([listener]) => listener));
  return {
    ...world,
    loadBalancers: new Map([...world.loadBalancers].filter(([one]) => !isOf(one))),
    listeners: new Map(listeners),
    targetGroups: new Map([...world.targetGroups].filter(([of]) => of !== targetGroup)),
    tags: new Map([...world.tags].filter(([of]) => !isOf(of) && of !== targetGroup && (!world.listeners.has(of) || kept.has(of)))),
  };
}

test("K12, K22: while a load balancer that somebody deleted with its target group is missing the others are changed, and it is made again, and attached in place of what is gone", async (t) => {
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
  const group = [...account.store.now.targetGroups.values()].find(({ name }) => name === deleted.name);
  account.byHand((world) => withoutLoadBalancer(world, deleted.arn, group?.arn));
  await cluster.put(ingress("www", ["www.example.org"]));
  await clock.until("www is served by the other one", () => statusOf("www") === statusOf("shop"), 2 * MINUTE_MS);
  await it.served(30 * MINUTE_MS);
  await clock.pass(2 * MINUTE_MS);
  assert.deepEqual(ofIt(), before);
  const listed = (): readonly string[] =>
    [...account.store.now.autoScalingGroups.values()].flatMap(({ targetGroups }) =>
      [...targetGroups].flatMap(([arn, { state }]) => (state === "Removed" ? [] : [arn])),
    );
  assert.ok(group !== undefined);
  await clock.until("the one that is gone is detached", () => !listed().includes(group.arn), 30 * MINUTE_MS);
  assert.deepEqual(it.losses(), []);
});

test("K16: the owner of a load balancer that AWS says has failed is told what to do; when that is done it is made again", async (t) => {
  const bench = await startBench();
  const { account, clock, cluster } = bench;
  const way = await startFailedWay(t, account.endpoint);
  const controller = await startController(bench, { awsUrl: way.url, leaseSeconds: 900 });
  t.after(async () => {
    await controller.stop();
    await bench.close();
  });
  await cluster.put(ingressClass("holdfast.dev/alb"));
  await cluster.put(ingress("shop", ["shop.example.org"]));
  const problem = async (): Promise<string> => {
    const { body } = await cluster.read("/apis/networking.k8s.io/v1/namespaces/default/ingresses/shop");
    const { metadata } = body as { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } };
    return metadata.annotations?.["holdfast.dev/load-balancer-problem"] ?? "";
  };
  const isTold = async (): Promise<boolean> => /failed to be set up; .* delete it by hand/.test(await problem());
  await clock.until("the owner is told", isTold, 10 * MINUTE_MS);
  await clock.pass(5 * MINUTE_MS);
  assert.deepEqual(cluster.live()[0]?.statusHosts, []);
  const made = (): number => account.calls.filter(({ action }) => action === "CreateLoadBalancer").length;
  assert.equal(made(), 1);
  const failed = [...account.store.now.loadBalancers.values()].find(
    ({ arn }) => ownedAs(account.store.now.tags.get(arn) ?? new Map(), OWNERSHIP) !== undefined,
  );
  account.byHand((world) => withoutLoadBalancer(world, failed?.arn ?? ""));
  way.end();
  await clock.until("it is made again and serves", () => bench.leftovers().length === 0, 60 * MINUTE_MS);
  await clock.until("nothing is said of it", async () => (await problem()) === "", 10 * MINUTE_MS);
  assert.equal(made(), 2);
  assert.deepEqual(bench.losses(), []);
});
