import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultBalancerOptions } from "../balance/index.ts";
import { seededRandom } from "../kernel/index.ts";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { type CompiledRoute, type Pool, compileTable, silentFilterLog, standardRegistry } from "../route/index.ts";
import { MetricsRegistry } from "../telemetry/index.ts";
import { RoutingState } from "./routing-state.ts";
import { route } from "./testing/proxy-under-test.ts";

const ROUTES = ["a", "b", "c"];

const DEPS = {
  random: seededRandom(1),
  clock: new ManualClock(),
  filterLog: silentFilterLog,
  onRefused() {},
  onForgotten() {},
};
const OPTIONS = { balancer: defaultBalancerOptions, allowed: [], most: 1, idleMs: 1, forwardBackend: "", auditBodyBytes: 0 };

function emptyState(): RoutingState {
  return new RoutingState(OPTIONS, { ...DEPS, metrics: new MetricsRegistry() });
}

/** A table with a route for each of three pools of the same names, and pools that tell who asks for them. */
function made(pools: readonly Pool[]): {
  readonly state: RoutingState;
  readonly source: Map<string, Pool>;
  readonly read: string[];
  readonly endpointsOf: (id: string) => readonly string[] | undefined;
  readonly pick: (id: string) => string | undefined;
} {
  const state = emptyState();
  const routes = ROUTES.map((id) =>
    route({ type: "pool", pool: id, algorithm: "leastRequests" }, [], [{ name: "Path", args: [`/${id}`] }], id),
  );
  const { table } = compileTable({ routes }, standardRegistry);
  const source = new Map(pools.map((pool) => [pool.id, pool]));
  const read: string[] = [];
  const get = (id: string): Pool | undefined => {
    read.push(id);
    return source.get(id);
  };
  state.update(table, { get }, "live");
  const targetOf = (id: string): ReturnType<RoutingState["targetOf"]> => state.targetOf(table.find(id) as CompiledRoute);
  return {
    state,
    source,
    read,
    endpointsOf: (id) => targetOf(id).pool?.endpoints.map(({ address }) => address),
    pick: (id) => targetOf(id).chooser?.pick({ nowMs: 0, hashKey: "", tried: [] })?.address,
  };
}

function pool(id: string, ...addresses: string[]): Pool {
  return { id, endpoints: addresses.map((address) => ({ address, tier: "fresh" })) };
}

test("of pools that change only those in use are read, and no other", () => {
  const { state, source, read, endpointsOf } = made([pool("a", "http://a:1"), pool("b", "http://b:1"), pool("c", "http://c:1")]);
  endpointsOf("a");
  endpointsOf("b");
  read.length = 0;
  source.set("b", pool("b", "http://b:2"));
  source.set("c", pool("c", "http://c:2"));
  const removed = state.updatePools(["b", "c"]);
  assert.deepEqual(read, ["b"]);
  assert.deepEqual(
    removed.map(({ address }) => address),
    ["http://b:1"],
  );
  assert.deepEqual(["a", "b", "c"].map(endpointsOf), [["http://a:1"], ["http://b:2"], ["http://c:2"]]);
});

test("a route finds its pool when it comes, goes and comes back", () => {
  const { state, source, endpointsOf } = made([]);
  assert.deepEqual(endpointsOf("a"), []);
  for (const address of ["http://a:1", "http://a:2"]) {
    source.set("a", pool("a", address));
    assert.deepEqual(state.updatePools(["a"]), []);
    assert.deepEqual(endpointsOf("a"), [address]);
    source.delete("a");
    assert.equal(state.updatePools(["a"]).length, 1);
    assert.deepEqual(endpointsOf("a"), []);
  }
});

test("a route goes on choosing after any number of updates of its pool that it did not see", () => {
  const { state, source, pick } = made([pool("a", "http://a:1")]);
  assert.equal(pick("a"), "http://a:1");
  for (let at = 2; at < 40; at++) {
    source.set("a", pool("a", `http://a:${at}`));
    state.updatePools(["a"]);
  }
  assert.equal(pick("a"), "http://a:39");
});

test("where a route changes it goes to its new endpoints, and what is known of those that stay is kept", () => {
  const state = emptyState();
  const addresses = ["http://a:1", "http://a:2", "http://a:3"];
  const compiled = (endpoints: readonly string[], id = "a"): CompiledRoute => {
    const routes = [route({ type: "loadBalanced", algorithm: "roundRobin", endpoints }, [], [], id)];
    return compileTable({ routes }, standardRegistry).table.find(id) as CompiledRoute;
  };
  let current: CompiledRoute | undefined = compiled(addresses.slice(0, 2));
  const table = { size: 1, match: () => current, find: (id: string) => (id === current?.id ? current : undefined) };
  state.update(table, new Map(), "live");
  const [, kept] = state.targetOf(current).pool?.endpoints ?? [];
  current = compiled(addresses.slice(1));
  const gone = state.updateRoutes([0], ["a", "another"]);
  assert.deepEqual(
    gone.map(({ address }) => address),
    ["http://a:1"],
  );
  assert.equal(state.targetOf(current).pool?.endpoints[0], kept);
  const successor = compiled(["http://b:1"], "b");
  current = successor;
  assert.equal(state.updateRoutes([0], ["a", "b"]).length, 2);
  assert.equal(state.targetOf(successor).pool?.endpoints[0]?.address, "http://b:1", "the place is another route's now");
});

test("endpoints that a route has itself are in the zones it names", () => {
  const state = new RoutingState(
    { ...OPTIONS, balancer: { ...defaultBalancerOptions, zone: "a" } },
    { ...DEPS, metrics: new MetricsRegistry() },
  );
  const endpoints = Array.from({ length: 6 }, (_, at) => `http://10.0.0.${at}:80?zone=${at % 2 === 0 ? "a" : "b"}`);
  const { table } = compileTable({ routes: [route({ type: "loadBalanced", algorithm: "roundRobin", endpoints })] }, standardRegistry);
  state.update(table, new Map(), "live");
  const { chooser } = state.targetOf(table.find("all") as CompiledRoute);
  const picked = new Set(Array.from({ length: 60 }, () => chooser?.pick({ nowMs: 0, hashKey: "", tried: [] })?.address));
  assert.deepEqual(picked, new Set(["http://10.0.0.0:80", "http://10.0.0.2:80", "http://10.0.0.4:80"]));
});
