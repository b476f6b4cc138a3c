import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { type EndpointState, defaultBalancerOptions, defaultEjection } from "./index.ts";
import { ALGORITHMS, FOUR, counts, load, made, request } from "./testing/made.ts";

const ADDRESSES = Array.from({ length: 100 }, (_, at) => `http://10.0.1.${at}:80`);

/** Chi-square of counts against equal shares; below 180 for 100 endpoints in all but one of a million cases. */
function unevenness(found: Map<string, number>, endpoints: number, times: number): number {
  const expected = times / endpoints;
  let sum = (endpoints - found.size) * expected;
  for (const count of found.values()) sum += (count - expected) ** 2 / expected;
  return sum;
}

for (const algorithm of ["roundRobin", "random", "powerOfRandomNChoices", "weightedRoundRobin", "leastRequests"] as const) {
  test(`${algorithm} is as even over a hundred endpoints as chance allows`, () => {
    const { pool } = made(ADDRESSES);
    assert.ok(unevenness(counts(pool, algorithm, 100_000), 100, 100_000) < 180);
  });
}

test("consistent hashing gives no endpoint of a hundred half as much again as its share", () => {
  const { pool } = made(ADDRESSES);
  const found = counts(pool, "consistentHash", 100_000, (at) => `192.0.2.${at}`);
  assert.equal(found.size, 100);
  for (const count of found.values()) assert.ok(count > 500 && count < 1_500, String(count));
});

test("leastRequests takes one with the fewest in flight, the others in turns, whoever else uses them", () => {
  const { pool } = made(FOUR);
  const [one, two, three, four] = pool.endpoints as readonly [EndpointState, EndpointState, EndpointState, EndpointState];
  const chooser = pool.chooser({ algorithm: "leastRequests" });
  chooser.pick(request());
  load(one, 2);
  load(two, 1);
  const seen = new Set(Array.from({ length: 4 }, () => chooser.pick(request())));
  assert.deepEqual(seen, new Set([three, four]));
  load(three, 3);
  load(four, 3);
  assert.equal(chooser.pick(request()), two);
  assert.equal(chooser.pick(request({ tried: [two] })), one);
  one.end();
  one.end();
  assert.equal(chooser.pick(request()), one);
});

test("leastRequests keeps a hundred endpoints within one request of each other, in any order of ends", () => {
  const { pool } = made(ADDRESSES);
  const chooser = pool.chooser({ algorithm: "leastRequests" });
  const busy: EndpointState[] = [];
  for (let at = 0; at < 5_000; at++) {
    const picked = chooser.pick(request()) as EndpointState;
    const least = Math.min(...pool.endpoints.map(({ inFlight }) => inFlight));
    assert.equal(picked.inFlight, least);
    picked.begin();
    busy.push(picked);
    if (busy.length > 350) busy.splice((at * 7919) % busy.length, 1)[0]?.end();
  }
});

test("a bound passes keys on from an endpoint that has its factor of the average, and one, in flight", () => {
  const { pool } = made(FOUR);
  const chooser = pool.chooser({ algorithm: "consistentHash", balanceFactor: 1.25 });
  const unbounded = pool.chooser({ algorithm: "consistentHash" });
  const favourite = unbounded.pick(request());
  for (let at = 0; at < 400; at++) {
    const average = pool.endpoints.reduce((sum, { inFlight }) => sum + inFlight, 0) / 4;
    const picked = chooser.pick(request()) as EndpointState;
    assert.ok(picked.inFlight + 1 <= average * 1.25 + 1);
    picked.begin();
  }
  assert.equal(unbounded.pick(request()), favourite);
  const inFlight = pool.endpoints.map((endpoint) => endpoint.inFlight).toSorted((a, b) => a - b);
  assert.ok((inFlight[3] as number) <= 126 && (favourite?.inFlight ?? 0) === inFlight[3]);
});

test("weightedRoundRobin gives the less the more answers were bad, a tenth of a share at least", () => {
  const ejection = { ...defaultEjection, answers: Infinity, answerCount: Infinity };
  const { pool } = made(FOUR, { ...defaultBalancerOptions, ejection });
  const [half, dead] = pool.endpoints as readonly [EndpointState, EndpointState];
  for (let at = 0; at < 40; at++) {
    half.answered(at % 2 === 0, 0, ejection);
    dead.answered(true, 0, ejection);
  }
  const found = counts(pool, "weightedRoundRobin", 2_600, String, 1);
  const shares = pool.endpoints.map(({ address }) => Math.round((found.get(address) ?? 0) / 100));
  assert.deepEqual(shares, [5, 1, 10, 10]);
});

for (const algorithm of ALGORITHMS) {
  test(`a new endpoint gets its share by and by with ${algorithm}`, async () => {
    const clock = new ManualClock();
    const { balancer, pool } = made(FOUR.slice(0, 3), defaultBalancerOptions, clock);
    const fade = { durationMs: 1_000, exponent: 1, createdMs: new Map<string, number>() };
    const share = (): number => {
      const chooser = pool.chooser({ algorithm, fade });
      // In flight for a while, as leastRequests sees nothing else.
      const busy: EndpointState[] = [];
      let count = 0;
      for (let at = 0; at < 4_000; at++) {
        const picked = chooser.pick(request({ nowMs: clock.monoMs(), hashKey: `k${at}` })) as EndpointState;
        picked.begin();
        busy.push(picked);
        if (busy.length > 80) busy.shift()?.end();
        if (picked.address === FOUR[3]) count++;
      }
      for (const endpoint of busy) endpoint.end();
      return count / 1_000;
    };
    await clock.advance(5_000);
    balancer.update([{ id: "p", endpoints: FOUR.map((address) => ({ address, tier: "fresh" })) }]);
    const shares: number[] = [];
    for (const stepMs of [0, 250, 250, 500]) {
      await clock.advance(stepMs);
      shares.push(share());
    }
    const [none, quarter, half, full] = shares as [number, number, number, number];
    assert.ok(none < 0.06, `${none} at once`);
    assert.ok(quarter > 0.12 && quarter < 0.5, `${quarter} after a quarter`);
    assert.ok(half > 0.4 && half < 0.8, `${half} after half the time`);
    assert.ok(full > 0.8 && full < 1.3, `${full} at the end`);
  });
}

test("when all are new none is, and a time of creation counts for more than when it was heard of", async () => {
  const clock = new ManualClock();
  const { pool } = made(FOUR, defaultBalancerOptions, clock);
  const fade = (createdMs: Map<string, number>) => ({ durationMs: 1_000, exponent: 1, createdMs });
  const evenly = counts(pool, { algorithm: "random", fade: fade(new Map()) }, 4_000);
  for (const address of FOUR) assert.ok((evenly.get(address) ?? 0) > 850);
  await clock.advance(2_000);
  const created = new Map([[FOUR[0] as string, clock.wallMs()]]);
  assert.equal(counts(pool, { algorithm: "random", fade: fade(created) }, 1_000, String, clock.monoMs()).get(FOUR[0] as string), undefined);
});

function zoned(zones: string): { address: string; zone?: string; tier: "fresh" }[] {
  return zones
    .split("")
    .map((zone, at) => ({ address: `http://10.0.2.${at}:80`, ...(zone === "-" ? {} : { zone }), tier: "fresh" as const }));
}

/** Part of the requests that stay in zone a. */
function keptIn(zones: string, nowMs = 0, left: readonly number[] = []): number {
  const { pool } = made(zoned(zones), { ...defaultBalancerOptions, zone: "a" });
  for (const at of left) (pool.endpoints[at] as EndpointState).connectFailed(nowMs, defaultEjection);
  const found = counts(pool, "roundRobin", 10_000, String, nowMs);
  let kept = 0;
  zones.split("").forEach((zone, at) => (kept += zone === "a" ? (found.get(`http://10.0.2.${at}:80`) ?? 0) : 0));
  return Math.round(kept / 100) / 100;
}

test("requests stay in the own zone as far as its endpoints carry its share, and else go where the endpoints are", () => {
  for (const [zones, kept] of [
    ["aaabbbccc", 1],
    ["aaaabbbbbccccc", 1],
    // A sixth of the endpoints in one of three zones carries half of what comes to it.
    ["aaabbbbbbbbbccccccc".slice(0, 18), 0.5],
    ["aaabbbbbbbbbbbb", 0.4],
    // Too few to have traffic of their own.
    ["aabb", 0.5],
    ["bbbb", 0],
    ["aaaa", 1],
    // Nobody knows where one is.
    ["aaabb-", 0.5],
  ] as const)
    assert.equal(keptIn(zones), kept, zones);
  assert.equal(keptIn("aaaabbbbcccc", 0, [0]), 1, "three of eleven, of three zones: less than a fifth too few");
  assert.equal(keptIn("aaaabbbbcccc", 0, [0, 1]), 0.2, "two are too few");
});

test("the most that answers can eject is a share of the pool, and one in any case; panic lets all be used", () => {
  const { pool } = made(ADDRESSES.slice(0, 10));
  for (const endpoint of pool.endpoints) endpoint.eject(0, defaultEjection);
  assert.equal(counts(pool, "random", 1_000).size, 7);
  const two = made(FOUR.slice(0, 2));
  for (const endpoint of two.pool.endpoints) endpoint.eject(0, defaultEjection);
  assert.equal(counts(two.pool, "roundRobin", 100).size, 1);
  for (const endpoint of pool.endpoints.slice(0, 6)) endpoint.connectFailed(0, defaultEjection);
  assert.equal(counts(pool, "random", 1_000).size, 10);
});

test("an endpoint that was left alone gets one request at a time until it has answered well", () => {
  const { pool } = made(FOUR);
  const [back] = pool.endpoints as readonly [EndpointState];
  back.eject(0, defaultEjection);
  assert.equal(counts(pool, "roundRobin", 100, String, 999).has(back.address), false);
  assert.equal(counts(pool, "roundRobin", 100, String, 1_000).get(back.address), 25);
  back.begin();
  assert.equal(counts(pool, "roundRobin", 100, String, 1_000).has(back.address), false, "its trial is under way");
  back.answered(false, 1_000, defaultEjection);
  assert.equal(counts(pool, "roundRobin", 100, String, 1_000).get(back.address), 25);
});
