import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { seededRandom } from "../kernel/index.ts";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { until } from "../kernel/testing/until.ts";
import { type Heartbeat, createHeartbeat, createKubeClient, kinds } from "./index.ts";
import type { HostileAnswer } from "./testing/hostile-server.ts";
import { type ListedWorld, createListedWorld } from "./testing/listed-world.ts";

const SILENCE_MS = 20_000;

interface Pulse {
  readonly world: ListedWorld;
  readonly clock: ManualClock;
  readonly heartbeat: Heartbeat;
}

async function pulse(t: TestContext, answer?: (answer: HostileAnswer) => void): Promise<Pulse> {
  const clock = new ManualClock();
  const world = await createListedWorld(kinds.ingressClasses);
  if (answer !== undefined)
    world.interfere((_request, to) => {
      answer(to);
      return true;
    });
  const client = createKubeClient(
    { cluster: { server: world.server.url, credentials: { type: "none" }, namespace: "default" }, caller: { attempts: 1 } },
    { clock, random: seededRandom(1) },
  );
  const heartbeat = createHeartbeat(
    { resource: kinds.ingressClasses, silenceMs: SILENCE_MS, timeoutMs: 10_000 },
    { client, clock, random: seededRandom(2) },
  );
  heartbeat.start();
  t.after(async () => {
    await heartbeat.stop();
    await client.close();
    await world.close();
  });
  return { world, clock, heartbeat };
}

test("a server that says something is not asked", async (t) => {
  const { world, clock, heartbeat } = await pulse(t);
  for (let second = 0; second < 120; second++) {
    heartbeat.heard();
    await clock.advance(1_000);
  }
  assert.equal(world.server.requests.length, 0);
});

test("a silent server is asked for one object in each span of silence, and its answer counts as heard", async (t) => {
  const { world, clock, heartbeat } = await pulse(t);
  for (let round = 1; round <= 3; round++) {
    await clock.advance(SILENCE_MS * 0.7);
    assert.equal(world.server.requests.length, round - 1);
    await clock.advance(SILENCE_MS * 0.3);
    await until("the answer", () => heartbeat.lastHeardMonoMs === clock.monoMs() && world.server.requests.length === round);
  }
  assert.deepEqual(
    world.server.requests.map(({ path, query }) => `${path}?${query.toString()}`),
    Array.from({ length: 3 }, () => "/apis/networking.k8s.io/v1/ingressclasses?limit=1"),
  );
});

for (const [what, code, answer] of [
  ["does not answer", "CALL_DEADLINE", () => {}],
  ["answers with the page of another program", "KUBE_NOT_JSON", (to: HostileAnswer) => to.text("<html>all is well</html>")],
  ["answers with an object that is no list", "KUBE_WRONG_KIND", (to: HostileAnswer) => to.json({})],
  [
    "refuses",
    "KUBE_FORBIDDEN",
    (to: HostileAnswer) => to.json({ kind: "Status", apiVersion: "v1", status: "Failure", reason: "Forbidden", code: 403 }, 403),
  ],
] as const) {
  test(`a server that ${what} is not heard, and is asked again after as long`, async (t) => {
    const { world, clock, heartbeat } = await pulse(t, answer);
    for (let round = 1; round <= 2; round++) {
      await clock.advance(SILENCE_MS);
      await world.server.seen(round);
      await clock.advance(10_000);
    }
    assert.equal(heartbeat.lastHeardMonoMs, undefined);
    await until("it says why", () => heartbeat.problem?.code === code);
    heartbeat.heard();
    assert.equal(heartbeat.problem, undefined);
    assert.ok(world.server.requests.length <= 3);
  });
}
