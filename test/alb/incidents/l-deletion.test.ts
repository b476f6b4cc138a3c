import assert from "node:assert/strict";
import { test } from "node:test";
import { ingress } from "../kit/cluster.ts";
import { GONE, HOUR_MS, MINUTE_MS, NAMES, loadBalancer, removalRig, unneeded, wantedShop } from "../removal-kit.ts";
import { run } from "./run.ts";

const ALONE = { "zalando.org/aws-load-balancer-shared": "false", "alb.ingress.kubernetes.io/inbound-cidrs": "0.0.0.0/0" };
const OWN = "/apis/networking.k8s.io/v1/namespaces/default/ingresses/own";

test("L4, L12: for another scheme another load balancer is made and the old one stays; an Ingress goes when it is deleted, whatever AWS does", async (t) => {
  const it = await run(t, [ingress("shop", ["shop.example.org"]), ingress("own", ["own.example.org"], ALONE)]);
  await it.served();
  const statusHost = (): string =>
    it.cluster
      .live()
      .find(({ owner }) => owner === "Ingress default/own")
      ?.statusHosts.join() ?? "";
  const before = statusHost();
  const calls = it.account.calls.length;
  await it.cluster.put(ingress("own", ["own.example.org"], { ...ALONE, "zalando.org/aws-load-balancer-scheme": "internal" }));
  await it.clock.until("the other name in its status", () => statusHost() !== before, HOUR_MS);
  await it.clock.pass(20 * MINUTE_MS);
  assert.ok(it.writesSince(calls).includes("CreateLoadBalancer"));
  const names = [...it.account.store.now.loadBalancers.values()].map(({ dnsName }) => dnsName.toLowerCase());
  assert.ok(names.includes(before), "who still has the old address is served");

  it.account.faults.add({
    id: "all",
    action: "*",
    from: 1,
    count: Infinity,
    fault: { kind: "error", status: 500, code: "InternalFailure" },
  });
  const { metadata } = (await it.cluster.read(OWN)).body as { readonly metadata: object };
  assert.ok(!Object.hasOwn(metadata, "finalizers"));
  await it.cluster.remove("Ingress", "own");
  assert.equal((await it.cluster.read(OWN)).code, 404);
  await it.clock.pass(5 * MINUTE_MS);
  assert.deepEqual(
    it.writesSince(calls).filter((action) => /^(Delete|Deregister|Detach|Revoke)/.test(action)),
    [],
  );
  assert.deepEqual(it.losses(), []);
});

test("L12: a security group that AWS does not delete, because something else is in it, holds up nothing else", async (t) => {
  const rig = await removalRig(t);
  await unneeded(rig);
  const { securityGroups } = loadBalancer(rig);
  const inUse = { kind: "error", status: 400, code: "DependencyViolation", message: "resource has a dependent object" } as const;
  rig.account.faults.add({ id: "in use", action: "DeleteSecurityGroup", from: 1, count: Infinity, fault: inUse });
  await rig.rounds(50 * MINUTE_MS);
  assert.ok((rig.account.faults.witness()[0]?.met ?? 0) > 0);
  assert.ok(!rig.names().includes(GONE));
  rig.cluster.wanted = [...rig.cluster.wanted, wantedShop("hf-lab-d")];
  await rig.rounds(5 * MINUTE_MS);
  assert.deepEqual(rig.names().toSorted(), [...NAMES.filter((name) => name !== GONE), "hf-lab-d"]);
  rig.account.faults.clear();
  await rig.rounds(HOUR_MS);
  assert.ok(securityGroups.every((id) => !rig.account.store.now.securityGroups.has(id)));
  assert.deepEqual(rig.account.losses, []);
});
