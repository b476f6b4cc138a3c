import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { seededRandom } from "../kernel/index.ts";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { ALGORITHMS, FOUR, counts, load, made, request } from "./testing/made.ts";
import { Balancer, type EndpointState, defaultBalancerOptions, defaultEjection, parseEndpointAddress } from "./index.ts";

for (const algorithm of ALGORITHMS) {
  test(`${algorithm} reaches every endpoint with about its share, and none that was tried, is full or is ejected`, () => {
    const { pool } = made(FOUR, { ...defaultBalancerOptions, maxInFlightPerEndpoint: 2 });
    const spread = counts(pool, algorithm, 4_000, (at) => `10.1.${at >> 8}.${at & 255}`);
    for (const address of FOUR) assert.ok(Math.abs((spread.get(address) ?? 0) - 1_000) < 350, `${address}: ${spread.get(address)}`);
    const [first, second, third] = pool.endpoints as readonly [EndpointState, EndpointState, EndpointState];
    load(second, 2);
    third.connectFailed(0, { ...defaultEjection, baseMs: 50 });
    for (let at = 0; at < 200; at++) {
      const picked = pool.chooser({ algorithm }).pick(request({ tried: [first], hashKey: String(at), nowMs: 49 }));
      assert.equal(picked?.address, FOUR[3]);
    }
    const back = new Set(
      Array.from(
        { length: 200 },
        (_, at) => pool.chooser({ algorithm }).pick(request({ tried: [first], hashKey: String(at), nowMs: 50 }))?.address,
      ),
    );
    assert.deepEqual(back, new Set([FOUR[2], FOUR[3]]));
  });

  test(`${algorithm} says why it found nothing`, () => {
    const { pool, balancer } = made(FOUR.slice(0, 2), { ...defaultBalancerOptions, maxInFlightPerEndpoint: 1 });
    assert.equal(pool.chooser({ algorithm }).pick(request({ tried: [...pool.endpoints] })), undefined);
    assert.equal(pool.chooser({ algorithm }).miss, "tried");
    for (const endpoint of pool.endpoints) load(endpoint, 1);
    assert.equal(pool.chooser({ algorithm }).pick(request()), undefined);
    assert.equal(pool.chooser({ algorithm }).miss, "busy");
    balancer.update([{ id: "p", endpoints: [] }]);
    assert.equal(pool.chooser({ algorithm }).pick(request()), undefined);
    assert.equal(pool.chooser({ algorithm }).miss, "empty");
  });
}

test("round robin takes turns exactly", () => {
  const { pool } = made(FOUR);
  assert.deepEqual(new Set(counts(pool, "roundRobin", 400, String).values()), new Set([100]));
});

test("the better of two random choices is the one with less in flight", () => {
  const { pool } = made(FOUR);
  const [busy, ...others] = pool.endpoints as readonly [EndpointState, ...EndpointState[]];
  load(busy, 100);
  const spread = counts(pool, "powerOfRandomNChoices", 4_000, String);
  assert.ok((spread.get(busy.address) ?? 0) < 500, "it is chosen only when both choices fall on it");
  for (const other of others) assert.ok((spread.get(other.address) ?? 0) > 900);
});

test("consistent hashing keeps a key's endpoint, whatever the order of the list, and moves only the share of the one that goes", () => {
  const keys = Array.from({ length: 2_000 }, (_, at) => `192.0.2.${at}`);
  const ownersOf = (addresses: readonly string[]): (string | undefined)[] => {
    const { pool } = made(addresses);
    return keys.map((hashKey) => pool.chooser({ algorithm: "consistentHash" }).pick(request({ hashKey }))?.address);
  };
  const before = ownersOf(FOUR);
  assert.deepEqual(ownersOf(FOUR.toReversed()), before);
  const after = ownersOf(FOUR.slice(0, 3));
  before.forEach((owner, at) => {
    if (owner !== FOUR[3]) assert.equal(after[at], owner);
  });
});

test("fresh endpoints are used as long as there is one; withdrawn ones only then, and never when their pool drops them", () => {
  const { balancer, pool } = made([]);
  const endpoints = [
    { address: "http://10.0.0.1:80", tier: "withdrawn" as const },
    { address: "http://10.0.0.2:80", tier: "fresh" as const },
  ];
  balancer.update([{ id: "p", endpoints }]);
  assert.deepEqual([...counts(pool, "random", 50, String).keys()], ["http://10.0.0.2:80"]);
  assert.equal(pool.isWithdrawn, false);
  balancer.update([{ id: "p", endpoints: endpoints.slice(0, 1) }]);
  assert.deepEqual([...counts(pool, "random", 50, String).keys()], ["http://10.0.0.1:80"]);
  assert.equal(pool.isWithdrawn, true);
  balancer.update([]);
  assert.equal(pool.chooser({ algorithm: "random" }).pick(request()), undefined);
});

test("counters and ejections outlive an update that still names the endpoint, in whatever pool, and go with it", () => {
  const { balancer, pool } = made(FOUR);
  const endpoint = pool.endpoints[0] as EndpointState;
  load(endpoint, 3);
  endpoint.connectFailed(0, balancer.ejection);
  const { removed } = balancer.update([{ id: "other", endpoints: [{ address: FOUR[0] as string, tier: "fresh" }] }]);
  assert.deepEqual(
    removed.map(({ address }) => address),
    FOUR.slice(1),
  );
  assert.equal(balancer.pool("other")?.endpoints[0], endpoint);
  assert.equal(endpoint.inFlight, 3);
  balancer.update([]);
  balancer.update([{ id: "other", endpoints: [{ address: FOUR[0] as string, tier: "fresh" }] }]);
  assert.notEqual(balancer.pool("other")?.endpoints[0], endpoint);
});

test("an ejection doubles with each failure in a row, up to its limit, and ends with a connection that is made", () => {
  const { pool } = made(FOUR);
  const endpoint = pool.endpoints[0] as EndpointState;
  const ejection = { ...defaultEjection, failures: 2, baseMs: 100, maxMs: 350 };
  assert.equal(endpoint.connectFailed(0, ejection), false);
  assert.equal(endpoint.connectFailed(0, ejection), true);
  assert.equal(endpoint.unreachableUntilMs, 100);
  assert.equal(endpoint.connectFailed(50, ejection), false, "a connect that was on its way says nothing new");
  assert.equal(endpoint.connectFailed(100, ejection), true);
  assert.equal(endpoint.unreachableUntilMs, 450);
  endpoint.connected();
  assert.deepEqual([endpoint.unreachableUntilMs, endpoint.consecutiveFailures, endpoint.failures], [0, 0, 4]);
});

test("with too few endpoints left ejections are ignored", () => {
  const { pool } = made(FOUR);
  for (const endpoint of pool.endpoints.slice(0, 2)) endpoint.connectFailed(0, defaultEjection);
  assert.equal(counts(pool, "roundRobin", 100, String).size, 2, "half are left: exactly the threshold");
  (pool.endpoints[2] as EndpointState).connectFailed(0, defaultEjection);
  assert.equal(counts(pool, "roundRobin", 100, String).size, 4);
});

test("an address is a scheme, HOST and PORT and nothing else; what is not is left out and named", () => {
  for (const [address, host, port] of [
    ["http://10.0.0.1:8080", "10.0.0.1", 8080],
    ["http://[2001:db8::1]:80", "2001:db8::1", 80],
    ["http://web.shop.svc", "web.shop.svc", 80],
    ["http://web.shop.svc:1/", "web.shop.svc", 1],
    ["h2c://web.shop.svc", "web.shop.svc", 80],
    ["h2://web.shop.svc", "web.shop.svc", 443],
  ] as const) {
    const endpoint = parseEndpointAddress(address);
    assert.deepEqual([endpoint?.host, endpoint?.port], [host, port]);
  }
  for (const bad of [
    "fastcgi://a",
    "http://a/b",
    "http://a:0",
    "http://a:65536",
    "http://",
    "a:80",
    "http://a?b",
    "http://u@a",
    "http://a b",
    "http://[a",
  ]) {
    assert.equal(parseEndpointAddress(bad), undefined, bad);
  }
  const balancer = new Balancer(defaultBalancerOptions, { random: seededRandom(1), clock: new ManualClock() });
  const { refused } = balancer.update([
    {
      id: "p",
      endpoints: [
        { address: "fastcgi://a", tier: "fresh" },
        { address: "http://b", tier: "fresh" },
        { address: "http://b/", tier: "fresh" },
      ],
    },
  ]);
  assert.deepEqual(refused, [{ pool: "p", address: "fastcgi://a" }]);
  assert.deepEqual(
    balancer.pool("p")?.endpoints.map(({ address }) => address),
    ["http://b"],
  );
});

test("pools that change one by one come to what all of them at once come to, and an endpoint goes with the last pool that names it", () => {
  const ids = ["p", "q", "r"];
  const endpoints = fc.array(
    fc.record({ address: fc.constantFrom(...FOUR), tier: fc.constantFrom("fresh" as const, "withdrawn" as const) }),
    {
      maxLength: 6,
    },
  );
  const step = fc.record({
    put: fc.uniqueArray(fc.record({ id: fc.constantFrom(...ids), endpoints }), { selector: ({ id }) => id }),
    gone: fc.subarray(ids),
  });
  const viewOf = (balancer: Balancer): unknown =>
    ids.map((id) => [balancer.pool(id)?.endpoints.map(({ address }) => address), balancer.pool(id)?.isWithdrawn]);
  const addressesOf = (states: Iterable<EndpointState>): readonly string[] => [...states].map(({ address }) => address).toSorted();
  const make = (): Balancer => new Balancer(defaultBalancerOptions, { random: seededRandom(1), clock: new ManualClock() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
      const balancer = make();
      const wanted = new Map<string, (typeof steps)[number]["put"][number]>();
      for (const { put, gone } of steps) {
        const before = [...balancer.endpoints()];
        const kept = put.filter(({ id }) => !gone.includes(id));
        for (const description of kept) wanted.set(description.id, description);
        for (const id of gone) wanted.delete(id);
        const { removed } = balancer.change(kept, gone);
        const anew = make();
        anew.update([...wanted.values()]);
        assert.deepEqual(viewOf(balancer), viewOf(anew));
        assert.deepEqual(addressesOf(balancer.endpoints()), addressesOf(anew.endpoints()));
        const after = new Set(balancer.endpoints());
        assert.deepEqual(addressesOf(removed), addressesOf(before.filter((endpoint) => !after.has(endpoint))));
        assert.ok(removed.every(({ isRemoved }) => isRemoved) && [...after].every(({ isRemoved }) => !isRemoved));
      }
    }),
  );
});
