import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { MetricsRegistry } from "../telemetry/index.ts";
import { KeptState, silentFilterLog } from "./filter-services.ts";
import { type QueueTicket, RequestQueue } from "./request-queue.ts";

function made(isLifo: boolean, concurrency: number, size: number) {
  const clock = new ManualClock();
  const services = new KeptState({
    clock,
    metrics: new MetricsRegistry(),
    sharedLimits: undefined,
    log: silentFilterLog,
    auditBodyBytes: 0,
    apiUsage: undefined,
  });
  const queue = new RequestQueue("q", isLifo, { concurrency, size, timeoutMs: 100 }, services);
  const log: string[] = [];
  const ask = (name: string): QueueTicket => queue.enter() ?? queue.wait((outcome) => log.push(`${name} ${outcome}`));
  const counted = (): Record<string, number> => {
    const family = services.metrics.dump().find(({ name }) => name === "holdfast_filter_queue_requests_total");
    return Object.fromEntries((family?.series ?? []).map(({ labelValues, values }) => [labelValues[1] ?? "", values[0] ?? 0]));
  };
  return { clock, queue, log, ask, counted };
}

test("places are given in the order of coming, too many are refused, a wait has its end, one that leaves makes room", async () => {
  const { clock, log, ask, counted } = made(false, 1, 2);
  const first = ask("a");
  const second = ask("b");
  const third = ask("c");
  ask("d");
  deepEqual(log.splice(0), ["d full"]);
  third.release();
  third.release();
  deepEqual(log.splice(0), ["c left"]);
  ask("e");
  first.release();
  first.release();
  deepEqual(log.splice(0), ["b served"]);
  await clock.advance(100);
  deepEqual(log.splice(0), ["e timeout"]);
  second.release();
  equal(ask("f") === undefined, false);
  deepEqual(counted(), { served: 2, waited: 1, full: 1, timeout: 1, left: 1 });
});

test("last in first out serves the newest and refuses the oldest; without room to wait it refuses the newest", () => {
  const { log, ask } = made(true, 1, 2);
  const first = ask("a");
  for (const name of ["b", "c", "d"]) ask(name);
  deepEqual(log.splice(0), ["b full"]);
  first.release();
  deepEqual(log.splice(0), ["d served"]);
  const none = made(true, 1, 0);
  none.ask("a");
  none.ask("b");
  deepEqual(none.log, ["b full"]);
});

test("new limits serve those who wait, and turn nobody away who is served", () => {
  const { queue, log, ask } = made(false, 2, 5);
  const tickets = ["a", "b", "c", "d"].map(ask);
  queue.limit({ concurrency: 3, size: 5, timeoutMs: 100 });
  deepEqual(log.splice(0), ["c served"]);
  queue.limit({ concurrency: 1, size: 5, timeoutMs: 100 });
  tickets[0]?.release();
  tickets[1]?.release();
  deepEqual(log.splice(0), []);
  tickets[2]?.release();
  deepEqual(log.splice(0), ["d served"]);
});

test("many may wait, and leave in any order", () => {
  const { ask, log } = made(false, 1, 2_000);
  const held = ask("held");
  const waiting = Array.from({ length: 2_000 }, (_, at) => ask(String(at)));
  for (let at = 1_999; at > 0; at -= 2) waiting[at]?.release();
  held.release();
  equal(log.at(-1), "0 served");
  equal(log.length, 1_001);
});
