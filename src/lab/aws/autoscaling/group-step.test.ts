import assert from "node:assert/strict";
import { test } from "node:test";
import { type Arbitrary, array, assert as holds, constant, constantFrom, integer, nat, oneof, property, record } from "fast-check";
import { instanceStep, withState } from "../ec2/instance-lifecycle.ts";
import { withSpotNotice, withZoneBack, withZoneLost } from "../ec2/interruptions.ts";
import { drainStep } from "../elbv2/registrations.ts";
import { groupOf, threeZones } from "../testing/test-account.ts";
import { type AwsWorld, withRecord } from "../world/world.ts";
import { groupStep } from "./group-step.ts";
import { groupNamed, withGroup } from "./groups.ts";

const ZONES = ["eu-central-1a", "eu-central-1b", "eu-central-1c"];
const steps = [
  instanceStep({ bootMs: 3_000, stopMs: 2_000, terminateMs: 2_000 }),
  drainStep,
  groupStep({ healthOf: () => ({ state: "healthy" }), attachMs: 1_000 }),
];
const advanced = (world: AwsWorld, nowMs: number): AwsWorld => steps.reduce((next, step) => step(next, nowMs), world);

type Event =
  | { readonly type: "terminate" | "stop" | "notice"; readonly nth: number }
  | { readonly type: "lose"; readonly zone: string }
  | { readonly type: "back"; readonly zone: string }
  | { readonly type: "desire"; readonly capacity: number }
  | { readonly type: "wait"; readonly seconds: number };

const nth = nat(20);
const events: Arbitrary<readonly Event[]> = array(
  oneof(
    record({ type: constantFrom("terminate", "stop", "notice"), nth }),
    record({ type: constant("lose"), zone: constantFrom(...ZONES) }),
    record({ type: constant("back"), zone: constantFrom(...ZONES) }),
    record({ type: constant("desire"), capacity: integer({ min: 0, max: 8 }) }),
    record({ type: constant("wait"), seconds: integer({ min: 1, max: 60 }) }),
  ),
  { maxLength: 25 },
);

function happened(world: AwsWorld, event: Event, nowMs: number): AwsWorld {
  if (event.type === "lose" || event.type === "back")
    return event.type === "lose" ? withZoneLost(world, event.zone, nowMs) : withZoneBack(world, event.zone);
  if (event.type === "desire") return withGroup(world, { ...groupNamed(world, "nodes"), desiredCapacity: event.capacity });
  if (event.type === "wait") return world;
  const all = [...world.instances.values()];
  const instance = all[event.nth % Math.max(1, all.length)];
  if (instance?.state !== "running") return world;
  if (event.type === "notice") return withSpotNotice(world, instance.id, nowMs);
  return withState(world, instance, event.type === "stop" ? "stopping" : "shutting-down", nowMs);
}

test("whatever happens to instances and zones, a group left alone comes to what it desires, evenly and registered", () => {
  holds(
    property(events, (all) => {
      let nowMs = 1_700_000_000_000;
      const targetGroup = {
        arn: "arn:tg",
        name: "nodes",
        protocol: "HTTP",
        protocolVersion: "HTTP1",
        port: 9999,
        vpcId: "vpc-1",
        targetType: "instance",
        ipAddressType: "ipv4",
        healthCheck: {
          protocol: "HTTP",
          port: "traffic-port",
          isEnabled: true,
          path: "/",
          intervalSeconds: 30,
          timeoutSeconds: 5,
          healthyThreshold: 5,
          unhealthyThreshold: 2,
          matcher: "200",
        },
        attributes: new Map([["deregistration_delay.timeout_seconds", "5"]]),
        targets: new Map(),
      } as const;
      const attached = new Map([["arn:tg", { state: "Adding", sinceMs: nowMs, by: "LoadBalancerTargetGroups" } as const]]);
      let world = withRecord(threeZones(), "targetGroups", "arn:tg", targetGroup);
      world = withGroup(world, groupOf(3, { targetGroups: attached, healthCheckGraceSeconds: 5 }));
      const pass = (seconds: number): void => {
        for (let second = 0; second < seconds; second++) world = advanced(world, (nowMs += 1_000));
      };
      for (const event of all) {
        world = happened(world, event, nowMs);
        pass(event.type === "wait" ? event.seconds : 1);
      }
      for (const zone of ZONES) world = withZoneBack(world, zone);
      pass(400);
      const { desiredCapacity, instances } = groupNamed(world, "nodes");
      const members = [...instances.values()].map(({ id, lifecycle, health }) => ({
        instance: world.instances.get(id),
        lifecycle,
        health,
      }));
      assert.equal(members.length, desiredCapacity);
      assert.ok(
        members.every(
          ({ instance, lifecycle, health }) => instance?.state === "running" && lifecycle === "InService" && health === "Healthy",
        ),
      );
      const perZone = ZONES.map((zone) => members.filter(({ instance }) => instance?.zone === zone).length);
      assert.ok(Math.max(...perZone) - Math.min(...perZone) <= 1, perZone.join());
      const targets = [...(world.targetGroups.get("arn:tg")?.targets.values() ?? [])];
      assert.deepEqual(targets.map(({ id }) => id).sort(), [...instances.keys()].sort());
      assert.equal(advanced(world, nowMs), world, "and nothing happens any more");
    }),
    { numRuns: 60 },
  );
});
