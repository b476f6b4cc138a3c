import assert from "node:assert/strict";
import { test } from "node:test";
import type { AwsWorld } from "../../../src/lab/aws/world/world.ts";
import { HOUR_MS, MINUTE_MS, type RemovalRig, removalRig, wantedShop } from "../removal-kit.ts";

const NAMES = ["hf-lab-a", "hf-lab-c"];
const NODES = "nodes-a";

const without = <T>(map: ReadonlyMap<string, T>, isGone: (value: T, key: string) => boolean): ReadonlyMap<string, T> =>
  new Map([...map].filter(([key, value]) => !isGone(value, key)));

/** As somebody does in the console, one after the other: the load balancer, then its target group; and one of somebody else's. */
function withoutStack(world: AwsWorld, name: string, foreignGroup: string): AwsWorld {
  const isOfName = (_value: unknown, arn: string): boolean => arn.includes(`/${name}/`);
  return {
    ...world,
    loadBalancers: without(world.loadBalancers, isOfName),
    listeners: without(world.listeners, isOfName),
    targetGroups: without(world.targetGroups, (value, arn) => isOfName(value, arn) || arn === foreignGroup),
    tags: without(world.tags, isOfName),
  };
}

const listed = ({ account }: RemovalRig): readonly string[] => [
  ...without(
    account.store.now.autoScalingGroups.get(NODES)?.targetGroups ?? new Map(),
    ({ state }: { state: string }) => state === "Removed",
  ).keys(),
];

const members = ({ account }: RemovalRig): number => account.store.now.autoScalingGroups.get(NODES)?.instances.size ?? 0;

/** One instance more is asked for than there is. */
function grow({ account }: RemovalRig): void {
  account.byHand((world) => {
    const group = world.autoScalingGroups.get(NODES);
    assert.ok(group !== undefined);
    const desired = group.instances.size + 1;
    return {
      ...world,
      autoScalingGroups: new Map([...world.autoScalingGroups, [NODES, { ...group, desiredCapacity: desired, maxSize: 20 }]]),
    };
  });
}

test("K22: target groups that somebody deleted are detached when there is another one of their name, so that nodes can start; others' are left alone", async (t) => {
  const rig = await removalRig(t);
  const kind = { type: "application", scheme: "internet-facing", targetType: "instance" } as const;
  rig.cluster.wanted = NAMES.map((name) => wantedShop(name, [], { kind }));
  const names = () =>
    ({ by: "auto-scaling-groups", names: { state: "fresh", value: [NODES, "nodes-b"], atMs: rig.clock.wallMs() } }) as const;
  rig.cluster.targets = names();
  await rig.rounds(5 * MINUTE_MS);
  const [foreign = "", ...before] = listed(rig);
  assert.equal(before.length, NAMES.length);
  const gone = before.find((arn) => arn.includes("/hf-lab-a/")) ?? "";
  rig.account.byHand((world) => withoutStack(world, "hf-lab-a", foreign));
  const count = members(rig);
  grow(rig);
  await rig.rounds(5 * MINUTE_MS);
  assert.equal(members(rig), count, "the incident: no instance starts");
  assert.ok(listed(rig).includes(gone));
  await rig.rounds(HOUR_MS);
  assert.ok(!listed(rig).includes(gone));
  assert.ok(listed(rig).includes(foreign), "not ours by its name");
  assert.equal(listed(rig).length, NAMES.length + 1);
  // As its owner would.
  rig.account.byHand((world) => {
    const group = world.autoScalingGroups.get(NODES);
    assert.ok(group !== undefined);
    const targetGroups = without(group.targetGroups, (_value, arn) => arn === foreign);
    return { ...world, autoScalingGroups: new Map([...world.autoScalingGroups, [NODES, { ...group, targetGroups }]]) };
  });
  await rig.rounds(5 * MINUTE_MS);
  assert.equal(members(rig), count + 1);
  assert.deepEqual(rig.account.losses, []);
});
