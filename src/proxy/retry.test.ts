import assert from "node:assert/strict";
import { test } from "node:test";
import { type LostAttempt, RetryBudget, retryReasonOf } from "./retry.ts";

const LOST: LostAttempt = {
  failure: "PROXY_UPSTREAM_RESET",
  method: "GET",
  wasSent: true,
  hasAnswered: false,
  isBodyUsed: false,
  wasReused: true,
};

test("a request is sent again only where that can not do a thing twice", () => {
  assert.equal(retryReasonOf(LOST), "reused");
  assert.equal(retryReasonOf({ ...LOST, wasReused: false }), "lost");
  assert.equal(retryReasonOf({ ...LOST, failure: "PROXY_UPSTREAM_CLOSED", method: "DELETE" }), "reused");
  for (const method of ["POST", "PATCH", "CONNECT", "get"]) assert.equal(retryReasonOf({ ...LOST, method }), undefined);
  assert.equal(retryReasonOf({ ...LOST, hasAnswered: true }), undefined);
  assert.equal(retryReasonOf({ ...LOST, isBodyUsed: true, method: "PUT" }), undefined);
  for (const failure of ["PROXY_UPSTREAM_TIMEOUT", "PROXY_UPSTREAM_MALFORMED", "PROXY_UPSTREAM_TRUNCATED", "PROXY_UPGRADE"] as const) {
    assert.equal(retryReasonOf({ ...LOST, failure }), undefined);
  }
  for (const failure of ["PROXY_CONNECT_REFUSED", "PROXY_CONNECT_TIMEOUT", "PROXY_CONNECT_FAILED"] as const) {
    assert.equal(retryReasonOf({ ...LOST, wasSent: false, method: "POST", failure }), "connect");
  }
  assert.equal(retryReasonOf({ ...LOST, wasSent: false, failure: "PROXY_LOCAL_LIMIT" }), undefined, "another endpoint would fail as well");
});

test("the budget gives its floor at once, then its share of the requests, and never more than the floor", () => {
  const budget = new RetryBudget(0.2, 3);
  assert.deepEqual([budget.spend(), budget.spend(), budget.spend(), budget.spend()], [true, true, true, false]);
  for (let at = 0; at < 4; at++) budget.earn();
  assert.equal(budget.spend(), false);
  budget.earn();
  assert.deepEqual([budget.spend(), budget.spend()], [true, false]);
  for (let at = 0; at < 1_000; at++) budget.earn();
  assert.deepEqual([budget.spend(), budget.spend(), budget.spend(), budget.spend()], [true, true, true, false]);
});
