import assert from "node:assert/strict";
import { test } from "node:test";
import { TrafficLog } from "./traffic-log.ts";

const MINUTE = 60_000;
const shop = "app/shop/1";

function metric(log: TrafficLog, name: string, key = shop, namespace = "AWS/ApplicationELB"): readonly (readonly [number, number])[] {
  const query = { namespace, name, dimensions: new Map([["LoadBalancer", key]]), fromMs: 0, toMs: 100 * MINUTE };
  return log.samples(query).map(({ atMs, value }) => [atMs / MINUTE, value] as const);
}

test("what passed is reported minute by minute, and nothing of traffic where there was none", () => {
  const log = new TrafficLog();
  // What passed before anybody looked is nobody's minute.
  log.note(shop, { forwarded: 1_000, bytes: 10_000, openConnections: 0 }, MINUTE);
  log.note(shop, { forwarded: 1_003, bytes: 10_100, openConnections: 2 }, MINUTE + 5);
  log.note(shop, { forwarded: 1_005, bytes: 10_150, openConnections: 1 }, MINUTE + 900);
  log.note(shop, { forwarded: 1_005, bytes: 10_150, openConnections: 0 }, 2 * MINUTE);
  // The host was away for a minute, and begins to count anew.
  log.note(shop, { forwarded: 4, bytes: 60, openConnections: 0 }, 4 * MINUTE);
  assert.deepEqual(metric(log, "RequestCount"), [
    [1, 5],
    [4, 4],
  ]);
  assert.deepEqual(metric(log, "ProcessedBytes"), [
    [1, 150],
    [4, 60],
  ]);
  assert.deepEqual(metric(log, "ActiveConnectionCount"), [[1, 2]]);
  assert.deepEqual(
    metric(log, "ConsumedLCUs").map(([minute]) => minute),
    [1, 2, 4],
  );
});

test("each kind of load balancer has its own metrics, and who is gone has none", () => {
  const log = new TrafficLog();
  log.note("net/tcp/1", { forwarded: 0, bytes: 0, openConnections: 0 }, 0);
  log.note(shop, { forwarded: 1, bytes: 1, openConnections: 1 }, 0);
  log.note("net/tcp/1", { forwarded: 1, bytes: 1, openConnections: 1 }, 0);
  assert.deepEqual(metric(log, "ActiveFlowCount", "net/tcp/1", "AWS/NetworkELB"), [[0, 1]]);
  assert.deepEqual(metric(log, "RequestCount", "net/tcp/1", "AWS/NetworkELB"), []);
  assert.deepEqual(metric(log, "RequestCount", "net/tcp/1"), []);
  assert.deepEqual(metric(log, "toString"), []);
  log.keep(new Set(["net/tcp/1"]));
  assert.deepEqual(metric(log, "RequestCount"), []);
  assert.deepEqual(metric(log, "NewFlowCount", "net/tcp/1", "AWS/NetworkELB"), [[0, 1]]);
});
