import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { connectAws } from "../../src/aws/index.ts";
import { appOf, isCompared } from "../../src/experiment/killer/prey/group-name.ts";
import { systemClock, systemRandom } from "../../src/kernel/index.ts";
import { until } from "../../src/kernel/testing/until.ts";
import { startLabAws } from "../../src/lab/aws/lab-aws.ts";
import { LAB_KEY, REGION, groupOf, testOptions } from "../../src/lab/aws/testing/test-account.ts";
import { silentLog } from "../../src/telemetry/index.ts";
import { killerWorld } from "./killer-kit.ts";

const PATIENCE_MS = 30_000;
const AGREED = new Map([["holdfast.dev/chaos", "enabled"]]);

/** An account with two Auto Scaling groups of three; the one with these tags is `shop-prod-v001`. */
async function account(t: TestContext, tags: ReadonlyMap<string, string>) {
  const names = ["shop-prod-v001", "other-v001"] as const;
  const arnOf = (name: string): string => `arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:1:autoScalingGroupName/${name}`;
  const groups = new Map(names.map((name) => [name, groupOf(3, { name, arn: arnOf(name) })]));
  const instances = { bootMs: 50, stopMs: 50, terminateMs: 50 };
  const first = {
    ...testOptions.first,
    autoScalingGroups: groups,
    tags: new Map([...testOptions.first.tags, [arnOf(names[0]), tags] as const]),
  };
  const lab = await startLabAws({ ...testOptions, first, instances, clock: systemClock, log: silentLog, advanceEveryMs: 20 });
  t.after(() => lab.close());
  const credentials = { accessKeyId: LAB_KEY.id, secretAccessKey: LAB_KEY.secret };
  const options = { region: REGION, endpoint: `http://127.0.0.1:${lab.port}`, credentials, share: 100 };
  const aws = connectAws(options, { clock: systemClock, random: systemRandom });
  t.after(() => aws.close());
  const inService = async (name: string): Promise<readonly string[]> =>
    ((await aws.autoscaling.groupsNamed([name])).get(name)?.instances ?? [])
      .filter(({ lifecycle }) => lifecycle === "InService")
      .map(({ id }) => id);
  for (const name of names) await until(`${name} has its instances`, async () => (await inService(name)).length === 3, PATIENCE_MS);
  return { options, inService };
}

test("an instance of a group that agreed is terminated and put in its place again; a group that did not agree keeps all of its own", async (t) => {
  const { options, inService } = await account(t, AGREED);
  const world = await killerWorld(t);
  const before = { shop: await inService("shop-prod-v001"), other: await inService("other-v001") };
  const killer = await world.killer({ instances: { aws: options, grouping: "cluster" }, intervalMs: 1_000 });
  const attack = await until(
    "the record says so",
    async () => (await world.record())?.attacks.find(({ victims }) => victims[0]?.outcome === "killed"),
    PATIENCE_MS,
  );
  await killer.stop();
  const id = attack.victims[0]?.name.replace("instance ", "") ?? "";
  assert.ok(before.shop.includes(id), id);
  await until(
    "its group is whole again, without it",
    async () => (await inService("shop-prod-v001")).length === 3 && !(await inService("shop-prod-v001")).includes(id),
    PATIENCE_MS,
  );
  assert.deepEqual((await inService("other-v001")).toSorted(), before.other.toSorted());
  assert.match(killer.metrics(), /holdfast_chaos_victims_total\{what="instance",namespace="",outcome="killed",dry_run="false"\}/);
  assert.doesNotMatch(killer.metrics(), /chaoskube_pods_deleted_total\{/);
});

test("a dry run terminates nobody, and an opt-in that has ended is none", async (t) => {
  const { options, inService } = await account(t, AGREED);
  const world = await killerWorld(t);
  const before = await inService("shop-prod-v001");
  const dry = await world.killer({ instances: { aws: options, grouping: "group" }, isDry: true });
  await until(
    "a turn is recorded",
    async () => (await world.record())?.attacks.some(({ victims }) => victims[0]?.outcome === "spared"),
    PATIENCE_MS,
  );
  await dry.stop();
  assert.deepEqual((await inService("shop-prod-v001")).toSorted(), before.toSorted());
  const ended = await account(t, new Map([...AGREED, ["holdfast.dev/chaos-until", "2020-01-01"]]));
  const other = await killerWorld(t);
  const killer = await other.killer({ instances: { aws: ended.options, grouping: "group" } });
  await until(
    "nobody could be killed",
    async () => (await killer.status()).lastTurn?.said === "nobody could be killed (0 are safe)",
    PATIENCE_MS,
  );
  assert.equal((await ended.inService("shop-prod-v001")).length, 3);
});

test("groups are put together by the parts of their names, and what is compared with others is left alone", () => {
  const name = "shop-prod-eu-v012";
  assert.deepEqual(
    (["group", "cluster", "stack", "app"] as const).map((grouping) => appOf(name, grouping)),
    [name, "shop-prod-eu", "shop-prod", "shop"],
  );
  assert.equal(appOf("shop", "stack"), "shop");
  assert.deepEqual(["shop-prod-canary-v001", "shop-baseline", "shop-canaryfish-v001", "canary"].map(isCompared), [
    true,
    true,
    false,
    false,
  ]);
});
