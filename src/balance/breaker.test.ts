import assert from "node:assert/strict";
import { test } from "node:test";
import { Breaker } from "./breaker.ts";
import { type EndpointState, ServiceBreaker, defaultEjection } from "./index.ts";
import { FOUR, counts, made } from "./testing/made.ts";

const OPTIONS = { failures: 3, window: 0, timeoutMs: 100, halfOpenRequests: 2 };

/** Sends a request that ends so. False when it was not let through. */
function send(breaker: Breaker, hasFailed: boolean | undefined, nowMs: number): boolean {
  const permit = breaker.admit(nowMs);
  if (permit === undefined) return false;
  breaker.settle(permit, hasFailed, nowMs);
  return true;
}

test("failures in a row open it for its time; any success between them starts anew", () => {
  const breaker = new Breaker(OPTIONS);
  for (const hasFailed of [true, true, false, true, undefined, true]) assert.equal(send(breaker, hasFailed, 0), true);
  assert.equal(breaker.isOpen, false);
  assert.equal(breaker.settle(breaker.admit(0) ?? -1, true, 0), true, "the third in a row");
  assert.equal(send(breaker, false, 99), false);
});

test("failures among the last requests open a breaker by rate, however they lie", () => {
  const breaker = new Breaker({ ...OPTIONS, window: 6 });
  for (const hasFailed of [true, false, false, true, false, false, false, true]) send(breaker, hasFailed, 0);
  assert.equal(breaker.isOpen, false, "two among the last six");
  send(breaker, true, 0);
  assert.equal(breaker.isOpen, true, "three: the fourth, eighth and ninth");
});

test("half open it lets some through together; all must succeed, one failure opens it again", () => {
  const breaker = new Breaker(OPTIONS);
  for (let at = 0; at < 3; at++) send(breaker, true, 0);
  const first = breaker.admit(100);
  const second = breaker.admit(100);
  assert.ok(first !== undefined && second !== undefined);
  assert.equal(breaker.admit(100), undefined, "two are under way");
  breaker.settle(first, undefined, 100);
  const third = breaker.admit(100);
  assert.ok(third !== undefined, "one whose client left makes room");
  breaker.settle(second, false, 100);
  assert.equal(breaker.settle(third, true, 110), true);
  assert.equal(send(breaker, false, 209), false);
  assert.equal(send(breaker, false, 210), true);
  assert.equal(breaker.isOpen, true);
  assert.equal(send(breaker, false, 210), true);
  assert.equal(breaker.isOpen, false);
});

test("what an earlier state let through says nothing in a later one", () => {
  const breaker = new Breaker(OPTIONS);
  const early = breaker.admit(0) ?? -1;
  for (let at = 0; at < 3; at++) send(breaker, true, 0);
  const trial = breaker.admit(100) ?? -1;
  assert.equal(breaker.settle(early, true, 100), false);
  breaker.settle(trial, false, 100);
  assert.equal(send(breaker, false, 100), true);
  assert.equal(breaker.isOpen, false);
  assert.equal(breaker.settle(early, true, 100), false);
});

test("an endpoint with failures in a row is left alone for the time, and its service goes on", () => {
  const { pool } = made(FOUR);
  const service = new ServiceBreaker(OPTIONS);
  const [bad, good] = pool.endpoints as readonly [EndpointState, EndpointState];
  for (let at = 0; at < 3; at++) {
    assert.equal(service.attempted(bad, true, 0, defaultEjection), at === 2);
    service.attempted(good, false, 0, defaultEjection);
    service.settle(service.admit(0) ?? -1, at !== 1, 0);
  }
  assert.equal(service.isOpen, false);
  assert.equal(counts(pool, "roundRobin", 99, String, 99).has(bad.address), false);
  assert.equal(counts(pool, "roundRobin", 100, String, 100).has(bad.address), true);
});
