import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConsoleSnapshot, RouterView } from "../contract.ts";
import { ManualClock } from "../../kernel/testing/manual-clock.ts";
import { createScriptedLab } from "../testing/scripted-lab.ts";
import { layOutPicture } from "./picture-layout.ts";
import { albWords, apiServerWords, describePicture, fullRate, routerWords, wireState, worstStatus } from "./picture-state.ts";

function at(seconds: number): ConsoleSnapshot {
  return createScriptedLab(new ManualClock(), { isPlayed: true, speed: 1, fromSeconds: seconds }).snapshot();
}

const ROUTER: RouterView = {
  policy: "hold",
  state: "running",
  restartInMs: null,
  restarts: 0,
  control: { state: "running", restartInMs: null },
  ready: true,
  generation: 17,
  source: "live",
  ageSeconds: 0,
  routes: 6,
  held: 0,
  watch: "up",
};

const texts = (router: RouterView, isNarrow = false): string[] => routerWords(router, isNarrow).lines.map((line) => line.text);

test("a router says its generation, where it is from and how old, and what it holds", () => {
  assert.deepEqual(texts(ROUTER), ["generation 17", "live", "6 routes"]);
  assert.deepEqual(texts({ ...ROUTER, source: "restored", ageSeconds: 38.4, held: 3 }), [
    "generation 17",
    "from snapshot, 38 s old",
    "3 routes held",
  ]);
  assert.deepEqual(texts({ ...ROUTER, source: "stale", ageSeconds: 61, held: 1 }), ["generation 17", "stale, 61 s old", "1 route held"]);
  assert.deepEqual(texts({ ...ROUTER, source: "restored", ageSeconds: 38 }, true), ["gen. 17", "snapshot", "38 s old", "6 routes"]);
});

test("a router without routes is an alarm, one without a table is a warning, a dead one is hollow and counts down", () => {
  assert.equal(routerWords({ ...ROUTER, routes: 0 }, false).tone, "alarm");
  assert.deepEqual(texts({ ...ROUTER, generation: null, source: null, routes: null, ageSeconds: null }), ["no table yet"]);
  const dead = routerWords({ ...ROUTER, state: "backoff", restartInMs: 2400 }, false);
  assert.equal(dead.tone, "hollow");
  assert.deepEqual(
    dead.lines.map((line) => line.text),
    ["router is down", "starts in 3 s"],
  );
  assert.deepEqual(
    routerWords(undefined, false).lines.map((line) => line.text),
    ["no router here"],
  );
});

test("a router whose control process is dead serves on, and says so", () => {
  assert.ok(texts({ ...ROUTER, control: { state: "backoff", restartInMs: 500 } }).includes("control process down"));
});

test("the API server's level turns from good over warning to alarm as it nears its limit, and is hollow when dead", () => {
  const base = { state: "running", restartInMs: null, heapLimitBytes: 100, kills: 0, lastExit: null, pods: 14, pendingPods: 0 } as const;
  const tone = (heapUsedBytes: number): string => apiServerWords({ ...base, heapUsedBytes }).tone;
  assert.deepEqual([tone(69), tone(70), tone(89), tone(90), tone(200)], ["good", "warning", "warning", "alarm", "alarm"]);
  assert.equal(apiServerWords({ ...base, heapUsedBytes: 200 }).level, 1);
  const dead = apiServerWords({ ...base, heapUsedBytes: null, state: "backoff", restartInMs: 3500, lastExit: "V8 out of memory" });
  assert.deepEqual(
    [dead.tone, dead.level, dead.lines.map((line) => line.text)],
    ["hollow", 0, ["API server is down", "starts in 4 s", "V8 out of memory"]],
  );
});

test("in the outage the 2017 lane's wires fail and its watches are cut, and Holdfast's wires are good", () => {
  const snapshot = at(40);
  const layout = layOutPicture(800, 460, 2, 3);
  const full = fullRate(snapshot.lanes);
  for (const wire of layout.wires) {
    const state = wireState(wire, snapshot, full);
    if (wire.kind === "watch") assert.deepEqual([state.tone, state.isCut], ["alarm", true]);
    else if (wire.lane === 1) assert.equal(state.tone, "good", `${wire.kind} ${wire.node}`);
    else assert.equal(state.tone, wire.kind === "down" ? "plain" : "alarm", `${wire.kind} ${wire.node}`);
  }
});

test("a wire with some failed answers shows their share inside its width, and never too thin to see", () => {
  const snapshot = at(5);
  const state = (requestsPerSecond: number, failedPerSecond: number): ReturnType<typeof wireState> => {
    const lanes = snapshot.lanes.map((lane) => ({ ...lane, edges: [{ from: "clients", to: "alb", requestsPerSecond, failedPerSecond }] }));
    return wireState({ kind: "entry", lane: 0, node: 0, points: [] }, { ...snapshot, lanes }, 100);
  };
  assert.deepEqual([state(100, 50).tone, state(100, 50).width, state(100, 50).failedWidth], ["warning", 9, 4.5]);
  assert.equal(state(100, 1).failedWidth, 1.25);
  assert.deepEqual([state(100, 0).tone, state(100, 0).failedWidth], ["good", 0]);
  assert.equal(state(100, 95).tone, "alarm");
  assert.equal(state(0, 0).width, 1.25);
});

test("a trunk thins out from tap to tap by what has left it", () => {
  const snapshot = at(5);
  const trunks = layOutPicture(800, 460, 2, 3).wires.filter((wire) => wire.kind === "trunk" && wire.lane === 1);
  const widths = trunks.map((wire) => Math.round(wireState(wire, snapshot, fullRate(snapshot.lanes)).width * 10) / 10);
  assert.deepEqual(widths, [9, 6, 3]);
});

test("the load balancer says how many are healthy, that it fails open, and the wrong answer given most", () => {
  const [naive, hold] = at(40).lanes;
  assert.ok(naive !== undefined && hold !== undefined);
  assert.deepEqual(
    albWords(naive).lines.map((line) => line.text),
    ["0 of 3 healthy", "fail-open", `404 × ${naive.totals.failed.toLocaleString("en")}`],
  );
  assert.deepEqual(
    albWords(hold).lines.map((line) => line.text),
    ["3 of 3 healthy"],
  );
});

test("what a kill cut off is no wrong answer: a fleet that failed nothing shows none", () => {
  const [, hold] = at(40).lanes;
  assert.ok(hold !== undefined);
  const totals = { ...hold.totals, failed: 0, lostInFlight: 1, byStatus: { "200": 99, "502": 1 } };
  assert.deepEqual(
    albWords({ ...hold, totals }).lines.map((line) => line.text),
    ["3 of 3 healthy"],
  );
});

test("what counts as a wrong answer is everything but 1xx to 3xx, and the most frequent wins", () => {
  const totals = { sent: 0, right: 0, failed: 0, lostInFlight: 0, wrongApplication: 0, outageSeconds: 0 };
  assert.equal(worstStatus({ ...totals, byStatus: { "200": 9, "301": 4, "404": 0 } }), null);
  assert.deepEqual(worstStatus({ ...totals, byStatus: { "200": 9, "404": 2, timeout: 3 } }), { status: "timeout", count: 3 });
});

test("the picture has a sentence for those who do not see it", () => {
  assert.match(
    describePicture(at(40)),
    /^API server (up|down)\. as in 2017: 0 of 3 targets healthy, fail-open, [\d,]+ requests failed\. Holdfast: 3 of 3 targets healthy, 0 requests failed\.$/,
  );
});
