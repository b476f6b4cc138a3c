import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Outcome } from "./attempt.ts";
import { Ledger } from "./ledger.ts";

const right: Outcome = {
  failure: undefined,
  status: 200,
  target: "127.20.1.1:9999",
  forwardedAtMs: 5000,
  phase: undefined,
  isRetried: false,
};
const tornDown: Outcome = { ...right, failure: "status", status: 502, phase: "head" };

describe("the accounts of a loop", () => {
  test("put every request in exactly one place, by the second it was due", () => {
    const ledger = new Ledger(1000, 5000);
    const tickets = [1000, 1500, 1999, 2000].map((dueMs) => ledger.open(dueMs));
    for (const ticket of tickets.slice(0, 3)) ledger.markSent(ticket, ticket.intendedMs + 2);
    const [first, second, third] = tickets;
    assert.ok(first && second && third);
    ledger.close(first, right, 1010, 5010);
    ledger.close(second, { ...right, failure: "wrong-application" }, 1530, 5530);
    ledger.close(third, { ...right, failure: "timeout", status: undefined }, 11_999, 15_999);
    const {
      sent,
      right: rights,
      failed,
      outstanding,
      byStatus,
      byFailure,
      wrongApplication,
      outageSeconds,
      generatorLateMs,
    } = ledger.totals();
    assert.deepEqual([sent, rights, failed, outstanding, wrongApplication, outageSeconds, generatorLateMs], [4, 1, 2, 1, 1, 1, 2]);
    assert.deepEqual(byStatus, { 200: 2, timeout: 1 });
    assert.deepEqual(byFailure, { "wrong-application": 1, timeout: 1 });
    const { points } = ledger.series(0);
    assert.deepEqual(
      points.map((point) => [point.second, point.atMs, point.sent, point.right, point.failed, point.outstanding, point.p50Ms]),
      [
        [0, 5000, 3, 1, 2, 0, 30],
        [1, 6000, 1, 0, 0, 1, null],
      ],
    );
    assert.deepEqual(
      ledger.series(1).points.map((point) => point.second),
      [1],
    );
  });

  test("move what a kill tore down out of the failures, also out of a second that was told before", () => {
    const ledger = new Ledger(0, 5000);
    for (let dueMs = 0; dueMs < 8000; dueMs += 1000) {
      const ticket = ledger.open(dueMs);
      ledger.close(ticket, dueMs === 3000 ? { ...tornDown, forwardedAtMs: 8000 } : right, dueMs + 10, 5010 + dueMs);
    }
    const { next } = ledger.series(0);
    assert.equal(ledger.totals().outageSeconds, 1);
    assert.equal(ledger.noteKill({ target: "127.20.1.1:9999", atMs: 8005, untilMs: 8020, inFlightLimit: 5 }), 1);
    const { failed, lostInFlightAtKill, outageSeconds, byFailure, byStatus } = ledger.totals();
    assert.deepEqual([failed, lostInFlightAtKill, outageSeconds, byFailure.status, byStatus["502"]], [0, 1, 0, 0, 1]);
    const told = ledger.series(next).points.find((point) => point.second === 3);
    assert.deepEqual([told?.failed, told?.lostInFlightAtKill], [0, 1]);
  });

  test("begin the next answer at the oldest second with an unanswered request", () => {
    const ledger = new Ledger(0, 0);
    ledger.open(500);
    for (let dueMs = 1000; dueMs < 30_000; dueMs += 1000) ledger.close(ledger.open(dueMs), right, dueMs + 1, dueMs + 1);
    assert.equal(ledger.series(0).next, 0);
    assert.equal(ledger.series(25).points.length, 5);
  });
});
