import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../kernel/testing/manual-clock.ts";
import { silentLog } from "../../telemetry/index.ts";
import type { Machine } from "../aws/index.ts";
import { Timeline } from "../timeline.ts";
import { type LabNode, Machines } from "./machines.ts";

const INSTANCE: Machine = {
  id: "i-1",
  zone: "eu-central-1a",
  privateIp: "127.30.64.4",
  privateDnsName: "ip-127-30-64-4.eu-central-1.compute.internal",
  state: "running",
  launchedAtMs: 0,
  interruptedAtMs: null,
  isZoneLost: false,
};

/** A lab with its machine room, whose instances are what the test says. */
function lab(): {
  room: (() => readonly Machine[])[];
  done: string[];
  machines: Machines;
  look: () => Promise<void>;
  timeline: Timeline;
} {
  const clock = new ManualClock();
  const room: (() => readonly Machine[])[] = [() => []];
  const done: string[] = [];
  const note =
    (what: string) =>
    async (node: LabNode): Promise<void> => {
      done.push(`${what} ${node.name}`);
    };
  const timeline = new Timeline(clock);
  const hands = { add: note("add"), boot: note("boot"), cutPower: note("cut"), remove: note("remove") };
  const machines = new Machines(async () => room[0]?.() ?? [], hands, { clock, log: silentLog, timeline });
  machines.start();
  return { room, done, machines, timeline, look: () => clock.advance(300) };
}

test("each instance that runs is a node, in the order of launching, and one that is terminated is gone for good", async () => {
  const { room, done, machines, look } = lab();
  const second = { ...INSTANCE, id: "i-0", zone: "eu-central-1b", state: "pending" } as const;
  room[0] = () => [second, INSTANCE];
  await look();
  assert.deepEqual(done.splice(0), ["add node-1", "add node-2", "boot node-1"]);
  assert.deepEqual(
    machines.nodes.map(({ name, instanceId }) => [name, instanceId]),
    [
      ["node-1", "i-1"],
      ["node-2", "i-0"],
    ],
  );
  room[0] = () => [
    { ...second, state: "running" },
    { ...INSTANCE, state: "shutting-down" },
  ];
  await look();
  assert.deepEqual(done.splice(0).sort(), ["boot node-2", "cut node-1"]);
  room[0] = () => [
    { ...second, state: "running" },
    { ...INSTANCE, state: "terminated" },
    { ...INSTANCE, id: "i-2", launchedAtMs: 9 },
  ];
  await look();
  assert.deepEqual(done.splice(0).sort(), ["add node-3", "boot node-3", "remove node-1"]);
  await machines.stop();
});

test("no answer of the machine room is no news, and a node that was cut off stays so until it is given back", async () => {
  const { room, done, machines, look } = lab();
  room[0] = () => [INSTANCE];
  await look();
  done.splice(0);
  room[0] = () => {
    throw new Error("connection refused");
  };
  await look();
  assert.deepEqual(done, []);
  assert.equal(machines.nodes.length, 1);
  room[0] = () => [INSTANCE];
  await machines.setPower("node-1", false);
  await look();
  assert.deepEqual(done.splice(0), ["cut node-1"]);
  await machines.setPower("node-1", true);
  await look();
  assert.deepEqual(done.splice(0), ["boot node-1"]);
  await assert.rejects(machines.setPower("node-9", false), { code: "LAB_NO_SUCH_NODE" });
  await machines.stop();
});

test("a stopped instance and a lost zone turn nodes off, and on again; a spot notice is told once", async () => {
  const { room, done, machines, look, timeline } = lab();
  room[0] = () => [INSTANCE];
  await look();
  done.splice(0);
  for (const change of [{ state: "stopped" }, { isZoneLost: true }] as const) {
    room[0] = () => [{ ...INSTANCE, ...change }];
    await look();
    room[0] = () => [INSTANCE];
    await look();
    assert.deepEqual(done.splice(0), ["cut node-1", "boot node-1"]);
  }
  room[0] = () => [{ ...INSTANCE, interruptedAtMs: 120_000 }];
  await look();
  await look();
  assert.equal(timeline.entries.filter(({ event }) => event === "node-1 has had spot notice").length, 1);
  await machines.stop();
});
