import assert from "node:assert/strict";
import { test } from "node:test";
import { groupOf, testAccount } from "../testing/test-account.ts";
import { type Machine, machineRoutes } from "./machine-routes.ts";

test("whoever runs the machines sees them through every fault, gives spot notice and takes zones away", async (t) => {
  const account = await testAccount(t, { world: { autoScalingGroups: new Map([["nodes", groupOf(3)]]) } });
  await account.call("autoscaling", "DescribeAutoScalingGroups");
  const routes = machineRoutes(account.store, account.clock);
  const ask = (method: string, path: string, params: Readonly<Record<string, string>> = {}): unknown => {
    const route = routes.find((one) => one.method === method && one.path === path);
    return route?.handle({ params: new Map(Object.entries(params)), query: new URLSearchParams(), body: undefined });
  };
  const machines = (): readonly Machine[] => (ask("GET", "/machines") as { readonly machines: readonly Machine[] }).machines;
  account.faults.add({ id: "all", action: "*", from: 1, count: Infinity, fault: { kind: "reset" } });
  const [first] = machines();
  assert.ok(first !== undefined);
  assert.equal(machines().length, 3);
  assert.equal(first.privateDnsName, `ip-${first.privateIp.replaceAll(".", "-")}.eu-central-1.compute.internal`);
  assert.equal(first.interruptedAtMs, null);
  ask("POST", "/machines/:id/spot-notice", { id: first.id });
  assert.equal(machines().find(({ id }) => id === first.id)?.interruptedAtMs, account.clock.wallMs() + 120_000);
  assert.throws(() => ask("POST", "/machines/:id/spot-notice", { id: "i-none" }), { code: "LAB_AWS_INSTANCE_NOT_FOUND" });
  ask("POST", "/machines/:id/terminate", { id: first.id });
  assert.equal(machines().find(({ id }) => id === first.id)?.state, "shutting-down");
  ask("POST", "/zones/:zone/lose", { zone: first.zone });
  assert.deepEqual(
    machines().map(({ zone, isZoneLost }) => isZoneLost === (zone === first.zone)),
    [true, true, true],
  );
  ask("POST", "/zones/:zone/restore", { zone: first.zone });
  assert.ok(machines().every(({ isZoneLost }) => !isZoneLost));
  assert.throws(() => ask("POST", "/zones/:zone/lose", { zone: "eu-central-1z" }), { code: "LAB_AWS_ZONE_NOT_FOUND" });
});
