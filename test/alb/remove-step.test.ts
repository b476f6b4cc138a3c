import assert from "node:assert/strict";
import { test } from "node:test";

import { withRecord } from "../../src/lab/aws/world/world.ts";
import { CERTIFICATES } from "./kit/first-world.ts";
import { HOUR_MS, MINUTE_MS, type RemovalRig, addresses, loadBalancer, removalRig, waitsFor, wantedShop } from "./removal-kit.ts";

const NAME = "hf-lab-a";
const OTHER = "hf-lab-c";

function group(rig: RemovalRig) {
  const found = [...rig.account.store.now.targetGroups.values()].find(({ name }) => name === NAME);
  assert.ok(found !== undefined);
  return found;
}

const registered = (rig: RemovalRig): readonly string[] =>
  [...group(rig).targets.values()]
    .filter(({ drainingSinceMs }) => drainingSinceMs === undefined)
    .map(({ id }) => id)
    .toSorted();

function listener(rig: RemovalRig, port: number) {
  const { arn } = loadBalancer(rig, NAME);
  return [...rig.account.store.now.listeners.values()].find((one) => one.loadBalancerArn === arn && one.port === port);
}

const writes = (rig: RemovalRig, action: string): number => rig.account.calls.filter((call) => call.action === action).length;

test("K11: targets that are not wanted any more go by halves after the hold, one that AWS keeps in silence is found out, and an empty list takes nothing", async (t) => {
  const rig = await removalRig(t);
  const old = ["10.0.0.10", "10.0.0.11", "10.0.1.10", "10.0.1.11"];
  rig.cluster.wanted = [wantedShop(NAME), wantedShop(OTHER)];
  rig.cluster.targets = addresses(...old, "10.0.2.10");
  await rig.rounds(3 * MINUTE_MS);
  rig.cluster.targets = addresses();
  await rig.rounds(HOUR_MS);
  assert.deepEqual(registered(rig), [...old, "10.0.2.10"]);
  rig.cluster.targets = addresses("10.0.0.10", "10.0.2.10");
  await rig.rounds(9 * MINUTE_MS);
  assert.equal(registered(rig).length, 5, "held");
  rig.account.faults.add({ id: "silent", action: "DeregisterTargets", from: 1, count: 2, fault: { kind: "no-effect" } });
  await rig.rounds(40 * MINUTE_MS);
  assert.ok(rig.decisions.some(({ code, what }) => code === "ALB_NO_EFFECT" && what === "deregister-targets"));
  assert.deepEqual(registered(rig), ["10.0.0.10", "10.0.2.10"]);
  assert.ok(writes(rig, "DeregisterTargets") > 2);
});

test("K21: a certificate goes when another one serves its hosts, stays when none does, and the default one is replaced and never dropped", async (t) => {
  const rig = await removalRig(t);
  const { shop, wildcard, api } = CERTIFICATES;
  rig.cluster.wanted = [wantedShop(NAME, [shop, wildcard, api].toSorted()), wantedShop(OTHER, [wildcard])];
  rig.cluster.targets = addresses("10.0.0.10");
  rig.cluster.hosts = new Map([
    [NAME, ["shop.example.org", "api.example.org"]],
    [OTHER, ["c.example.org"]],
  ]);
  await rig.rounds(3 * MINUTE_MS);
  assert.deepEqual(listener(rig, 443)?.certificates.toSorted(), [shop, wildcard, api].toSorted());
  const [first = ""] = listener(rig, 443)?.certificates ?? [];
  rig.cluster.wanted = [wantedShop(NAME, [wildcard]), wantedShop(OTHER, [wildcard])];
  await rig.rounds(HOUR_MS);
  assert.deepEqual(listener(rig, 443)?.certificates, [wildcard]);
  assert.notEqual(first, wildcard, "the default one was another");

  rig.cluster.wanted = [wantedShop(NAME, [shop, wildcard].toSorted()), wantedShop(OTHER, [wildcard])];
  await rig.rounds(3 * MINUTE_MS);
  rig.cluster.wanted = [wantedShop(NAME, [shop]), wantedShop(OTHER, [wildcard])];
  await rig.rounds(HOUR_MS);
  assert.ok(listener(rig, 443)?.certificates.includes(wildcard), "api.example.org has no other");
  assert.match(waitsFor(rig), /no other certificate on the listener is for api\.example\.org/);
});

test("a listener goes only when those in its place are there, and rules of the security group as long as some are left", async (t) => {
  const rig = await removalRig(t);
  const plain = wantedShop(NAME);
  const [http] = plain.listeners;
  assert.ok(http !== undefined);
  rig.cluster.wanted = [plain, wantedShop(OTHER)];
  rig.cluster.targets = addresses("10.0.0.10");
  await rig.rounds(3 * MINUTE_MS);
  rig.account.faults.add({ id: "no", action: "CreateListener", from: 1, count: Number.POSITIVE_INFINITY, fault: { kind: "reset" } });
  rig.cluster.wanted = [{ ...plain, listeners: [{ ...http, port: 8080 }] }, wantedShop(OTHER)];
  await rig.rounds(HOUR_MS);
  assert.ok(listener(rig, 80) !== undefined, "nothing is there in its place");
  rig.account.faults.clear();
  await rig.rounds(HOUR_MS);
  assert.equal(listener(rig, 80), undefined);
  assert.ok(listener(rig, 8080) !== undefined);
  const rules = [...rig.account.store.now.securityGroups.values()].find(({ name }) => name === NAME)?.ingress;
  assert.deepEqual(
    rules?.map(({ fromPort }) => fromPort),
    [8080],
  );
});

test("what an object needs that the lists lack stays while the API server has the object by its name, and goes when it says that there is none", async (t) => {
  const rig = await removalRig(t);
  const { shop, foreign } = CERTIFICATES;
  const owners = ["Ingress default/shop", "Ingress default/hidden"];
  const other = wantedShop(OTHER);
  const [http] = other.listeners;
  assert.ok(http !== undefined);
  const both = wantedShop(NAME, [shop, foreign], { owners, securityGroups: { by: "cidrs", cidrs: ["10.0.0.0/8", "192.0.2.0/24"] } });
  const whole = { ...both, listeners: [...both.listeners, { ...http, port: 8080 }] };
  rig.cluster.wanted = [whole, other];
  rig.cluster.targets = addresses("10.0.0.10");
  rig.cluster.hosts = new Map([[NAME, ["shop.example.org", "elsewhere.example.com"]]]);
  await rig.rounds(3 * MINUTE_MS);
  const rules = () => [...rig.account.store.now.securityGroups.values()].find(({ name }) => name === NAME)?.ingress.length;
  const made = rules();
  assert.deepEqual(listener(rig, 443)?.certificates.toSorted(), [shop, foreign].toSorted());

  const dnsName = loadBalancer(rig, NAME).dnsName.toLowerCase();
  rig.cluster.live = [{ owner: "Ingress default/hidden", hosts: ["elsewhere.example.com"], statusHosts: [dnsName] }];
  rig.cluster.objects = new Map([["Ingress default/hidden", [dnsName]]]);
  // Of two that served it one is missing in every list, for hours.
  rig.cluster.wanted = [
    { ...wantedShop(NAME, [shop]), owners: ["Ingress default/shop"], securityGroups: { by: "cidrs", cidrs: ["10.0.0.0/8"] } },
    other,
  ];
  rig.cluster.hosts = new Map([[NAME, ["shop.example.org"]]]);
  await rig.rounds(2 * HOUR_MS);
  assert.match(waitsFor(rig), /elsewhere\.example\.com, of Ingress default\/hidden, which is there although the lists lack it/);
  assert.ok(listener(rig, 8080) !== undefined);
  assert.equal(rules(), made);
  assert.deepEqual(rig.account.losses, []);

  rig.cluster.objects = new Map();
  rig.cluster.live = [];
  await rig.rounds(HOUR_MS);
  assert.deepEqual(listener(rig, 443)?.certificates, [shop]);
  assert.equal(listener(rig, 8080), undefined);
  assert.equal(rules(), 2);
});

test("what lost our tags is left alone, whatever the plan said of it before", async (t) => {
  const rig = await removalRig(t);
  rig.cluster.wanted = [wantedShop(NAME), wantedShop(OTHER)];
  rig.cluster.targets = addresses("10.0.0.10", "10.0.1.10");
  await rig.rounds(3 * MINUTE_MS);
  rig.cluster.targets = addresses("10.0.0.10");
  await rig.rounds(5 * MINUTE_MS);
  const { arn } = group(rig);
  rig.account.byHand((world) => withRecord(world, "tags", arn, new Map()));
  await rig.rounds(HOUR_MS);
  assert.equal(registered(rig).length, 2);
  assert.equal(writes(rig, "DeregisterTargets"), 1, "that of the other load balancer, which goes on");
});

test("K9: an Auto Scaling group that is no node group any more is detached when another one serves, and not before", async (t) => {
  const rig = await removalRig(t);
  const instances = { ...wantedShop(NAME), kind: { type: "application", scheme: "internet-facing", targetType: "instance" } } as const;
  const other = { ...instances, name: OTHER };
  rig.cluster.wanted = [instances, other];
  const names = (...all: readonly string[]) =>
    ({ by: "auto-scaling-groups", names: { state: "fresh", value: all, atMs: rig.clock.wallMs() } }) as const;
  rig.cluster.targets = names("nodes-a", "nodes-b");
  await rig.rounds(5 * MINUTE_MS);
  assert.equal(registered(rig).length, 6);
  rig.cluster.targets = names();
  await rig.rounds(HOUR_MS);
  assert.equal(registered(rig).length, 6);
  rig.cluster.targets = names("nodes-a");
  await rig.rounds(2 * HOUR_MS);
  assert.equal(registered(rig).length, 3);
  assert.deepEqual(rig.account.losses, []);
});
