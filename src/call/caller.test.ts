import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError, seededRandom } from "../kernel/index.ts";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { MetricsRegistry, prometheusText } from "../telemetry/index.ts";
import {
  type CallRequest,
  type Caller,
  type CallerOptions,
  backoffDelayMs,
  createCaller,
  createRetryBudget,
  withDeadline,
} from "./index.ts";

const down = (): Promise<never> => Promise.reject(new AppError("TEST_DOWN", "down", { retry: "idempotent" }));
const refused = (): Promise<never> => Promise.reject(new AppError("TEST_REFUSED", "refused", { retry: "safe" }));
const wrong = (): Promise<never> => Promise.reject(new AppError("TEST_WRONG", "wrong"));

interface Rig {
  readonly clock: ManualClock;
  readonly caller: Caller;
  readonly metrics: MetricsRegistry;
  /** Starts a call and answers where its outcome will be: `value …`, `CODE`, or undefined while it runs. */
  readonly start: <T>(
    attempt: (number: number, signal: AbortSignal) => Promise<T>,
    request?: Partial<CallRequest<T>>,
  ) => { outcome?: string; atMs?: number; attempts: number };
}

function rig(options: Partial<CallerOptions> = {}): Rig {
  const clock = new ManualClock();
  const metrics = new MetricsRegistry();
  const caller = createCaller({ name: "test", ...options }, { clock, random: seededRandom(7), metrics });
  return {
    clock,
    caller,
    metrics,
    start(attempt, request = {}) {
      const result: { outcome?: string; atMs?: number; attempts: number } = { attempts: 0 };
      const end = (outcome: string): void => {
        result.outcome = outcome;
        result.atMs = clock.monoMs();
      };
      caller
        .call({ name: "try", timeoutMs: 10_000, idempotent: true, ...request }, ({ number, signal }) => {
          result.attempts++;
          return attempt(number, signal);
        })
        .then(
          (value) => end(`value ${String(value)}`),
          (error: unknown) => end(error instanceof AppError ? error.code : `not an AppError: ${String(error)}`),
        );
      return result;
    },
  };
}

test("a call that fails is tried again with pauses until it succeeds", async () => {
  const { clock, start } = rig();
  const call = start((number) => (number < 3 ? down() : Promise.resolve("ok")));
  await clock.advance(10_000);
  assert.deepEqual([call.outcome, call.attempts], ["value ok", 3]);
});

test("attempts end at their number, and the last error is told", async () => {
  const { clock, start } = rig({ attempts: 3 });
  const call = start(down);
  await clock.advance(10_000);
  assert.deepEqual([call.outcome, call.attempts], ["TEST_DOWN", 3]);
});

test("what is not idempotent is tried again only where the failure says that nothing was done", async () => {
  const { clock, start } = rig({ attempts: 3 });
  const unsafe = start(down, { idempotent: false });
  const safe = start(refused, { idempotent: false });
  const never = start(wrong);
  await clock.advance(10_000);
  assert.deepEqual([unsafe.attempts, safe.attempts, never.attempts], [1, 3, 1]);
});

test("anything thrown becomes an AppError", async () => {
  const { clock, start } = rig();
  const call = start(() => Promise.reject(new TypeError("oops")));
  await clock.advance(0);
  assert.deepEqual([call.outcome, call.attempts], ["CALL_FAILED", 1]);
});

test("the deadline ends a call that hangs and tells the attempt so", async () => {
  const { clock, start } = rig();
  const aborted: unknown[] = [];
  const call = start((_number, signal) => {
    signal.addEventListener("abort", () => aborted.push(signal.reason));
    return new Promise(() => {});
  });
  await clock.advance(9_999);
  assert.equal(call.outcome, undefined);
  await clock.advance(1);
  assert.deepEqual([call.outcome, aborted.length], ["CALL_DEADLINE", 1]);
});

test("an attempt that hangs is given up for the next one", async () => {
  const { clock, start } = rig();
  const call = start((number) => (number === 1 ? new Promise<string>(() => {}) : Promise.resolve("ok")), { attemptTimeoutMs: 1_000 });
  await clock.advance(1_500);
  assert.deepEqual([call.outcome, call.attempts], ["value ok", 2]);
});

test("a retry that could not start before the deadline is not waited for", async () => {
  const { clock, start } = rig({ classify: () => ({ retry: "safe", serverFault: true, retryAfterMs: 20_000 }) });
  const call = start(down);
  await clock.advance(0);
  assert.deepEqual([call.outcome, call.atMs], ["TEST_DOWN", 0]);
});

test("Retry-After is waited for, and holds other calls of the same server back too", async () => {
  const { clock, start } = rig({ classify: () => ({ retry: "safe", serverFault: false, retryAfterMs: 3_000 }) });
  const first = start((number) => (number === 1 ? refused() : Promise.resolve("ok")));
  await clock.advance(0);
  const second = start(() => Promise.resolve("ok"));
  await clock.advance(2_999);
  assert.deepEqual([first.outcome, second.outcome], [undefined, undefined]);
  await clock.advance(200);
  assert.deepEqual([first.outcome, second.outcome], ["value ok", "value ok"]);
});

test("Retry-After of a failing server is waited for by that call alone", async () => {
  const { clock, start } = rig({ classify: () => ({ retry: "safe", serverFault: true, retryAfterMs: 3_000 }) });
  const first = start((number) => (number === 1 ? refused() : Promise.resolve("ok")));
  await clock.advance(0);
  const second = start(() => Promise.resolve("ok"));
  await clock.advance(0);
  assert.deepEqual([first.outcome, second.outcome], [undefined, "value ok"]);
  await clock.advance(3_100);
  assert.equal(first.outcome, "value ok");
});

test("cancelling ends a call at once, whatever it waits for, and its fallback is not asked", async () => {
  const { clock, start } = rig();
  const controller = new AbortController();
  const hanging = start(() => new Promise<string>(() => {}), { signal: controller.signal, fallback: () => "fallback" });
  const pausing = start(down, { signal: controller.signal });
  await clock.advance(1);
  controller.abort();
  await clock.advance(0);
  assert.deepEqual([hanging.outcome, pausing.outcome], ["CALL_ABORTED", "CALL_ABORTED"]);
  const late = start(() => Promise.resolve("ok"), { signal: controller.signal });
  await clock.advance(0);
  assert.deepEqual([late.outcome, late.attempts], ["CALL_ABORTED", 0]);
});

test("an answer that cannot be true is a failure, tried again", async () => {
  const { clock, start } = rig({ attempts: 2 });
  const implausible = (nodes: number): string | undefined => (nodes === 0 ? "a cluster has nodes" : undefined);
  const recovering = start((number) => Promise.resolve(number - 1), { implausible });
  const lasting = start(() => Promise.resolve(0), { implausible });
  await clock.advance(10_000);
  assert.deepEqual([recovering.outcome, lasting.outcome], ["value 1", "CALL_IMPLAUSIBLE"]);
});

test("a fallback answers when everything failed, and may fail itself", async () => {
  const { clock, start, metrics } = rig({ attempts: 1 });
  const good = start<string>(down, { fallback: (error) => `instead of ${error.code}` });
  const bad = start<string>(down, {
    fallback: (error) => {
      throw error;
    },
  });
  await clock.advance(0);
  assert.deepEqual([good.outcome, bad.outcome], ["value instead of TEST_DOWN", "TEST_DOWN"]);
  assert.match(prometheusText.render(metrics.dump()), /holdfast_call_fallback_total\{caller="test",call="try"\} 2/);
});

test("when most calls fail the circuit opens, calls are refused unmade, and a probe closes it; other circuits stay closed", async () => {
  const { clock, start, caller, metrics } = rig({ attempts: 1 });
  for (let count = 0; count < 10; count++) start(down, { circuit: "pods" });
  await clock.advance(0);
  const refusedCall = start(() => Promise.resolve("ok"), { circuit: "pods" });
  const other = start(() => Promise.resolve("ok"), { circuit: "services" });
  await clock.advance(0);
  assert.deepEqual([refusedCall.outcome, refusedCall.attempts, other.outcome], ["CALL_CIRCUIT_OPEN", 0, "value ok"]);
  assert.match(prometheusText.render(metrics.dump()), /holdfast_call_circuit_state\{caller="test",circuit="pods"\} 2/);
  await clock.advance(500);
  const probe = start(() => Promise.resolve("ok"), { circuit: "pods" });
  await clock.advance(0);
  assert.deepEqual([probe.outcome, caller.circuitState("pods")], ["value ok", "closed"]);
});

test("a call that an open circuit refuses says what the last one failed with", async () => {
  const { clock, start, caller } = rig({ attempts: 1 });
  for (let count = 0; count < 10; count++) start(count < 9 ? refused : down);
  await clock.advance(0);
  await assert.rejects(
    caller.call({ name: "try", timeoutMs: 100, idempotent: true }, () => Promise.resolve("ok")),
    (error) => {
      assert.ok(error instanceof AppError && error.cause instanceof AppError);
      assert.deepEqual([error.code, error.cause.code], ["CALL_CIRCUIT_OPEN", "TEST_DOWN"]);
      assert.match(
        error.message,
        /^test: not called, because most recent calls failed, the last with TEST_DOWN: down; next try in \d+ ms$/,
      );
      return true;
    },
  );
});

test("refusals that are the caller's own fault, and cancelled calls, do not open the circuit; hanging ones do", async () => {
  const { clock, start, caller } = rig({ attempts: 1 });
  const controller = new AbortController();
  for (let count = 0; count < 20; count++) start(wrong);
  for (let count = 0; count < 20; count++) start(() => new Promise(() => {}), { signal: controller.signal });
  await clock.advance(0);
  controller.abort();
  await clock.advance(10_001);
  assert.equal(caller.circuitState(), "closed");
  for (let count = 0; count < 10; count++) start(() => new Promise(() => {}), { timeoutMs: 100 });
  await clock.advance(100);
  assert.equal(caller.circuitState(), "open");
});

test("retries stop when their budget is used up, so that they cannot multiply the load of a failing server", async () => {
  const { clock, start, metrics } = rig({
    retryBudget: { ratio: 0.1, perSecond: 0, burst: 5 },
    circuit: { windowMs: 10_000, minimumCalls: 10_000, failureShare: 1, openMs: 1, openCapMs: 1 },
    rate: { perSecond: 1_000, burst: 1_000, queueLimit: 1_000 },
  });
  const calls = Array.from({ length: 50 }, () => start(down));
  await clock.advance(10_000);
  const attempts = calls.reduce((sum, call) => sum + call.attempts, 0);
  assert.ok(calls.every(({ outcome }) => outcome === "TEST_DOWN"));
  assert.ok(attempts <= 50 + 5 + 5, `${attempts} attempts of 50 calls`);
  assert.match(prometheusText.render(metrics.dump()), /holdfast_call_retry_budget_empty_total\{caller="test"\} \d+/);
});

test("a retry budget is earned by calls and by time, up to its burst", async () => {
  const clock = new ManualClock();
  const budget = createRetryBudget({ ratio: 0.5, perSecond: 1, burst: 2 }, clock);
  assert.deepEqual([budget.withdraw(), budget.withdraw(), budget.withdraw()], [true, true, false]);
  budget.deposit();
  assert.equal(budget.withdraw(), false);
  budget.deposit();
  assert.equal(budget.withdraw(), true);
  await clock.advance(60_000);
  assert.deepEqual([budget.withdraw(), budget.withdraw(), budget.withdraw()], [true, true, false]);
});

test("back-off is anywhere below its doubling ceiling, and never above the cap", () => {
  const options = { baseMs: 100, capMs: 1_000 };
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5_000].map((retry) => backoffDelayMs(options, retry, { next: () => 0.5 })),
    [50, 100, 200, 400, 500, 500],
  );
  assert.equal(backoffDelayMs(options, 3, { next: () => 0 }), 0);
});

test("a deadline leaves no timer and no listener behind", async () => {
  const clock = new ManualClock();
  const controller = new AbortController();
  assert.equal(await withDeadline(clock, 1_000, controller.signal, () => Promise.resolve(1)), 1);
  await assert.rejects(withDeadline(clock, 1_000, controller.signal, down), { code: "TEST_DOWN" });
  assert.equal(clock.pending, 0);
});

test("every outcome is counted by its code", async () => {
  const { clock, start, metrics } = rig({ attempts: 2 });
  start((number) => (number === 1 ? down() : Promise.resolve(1)));
  start(wrong);
  await clock.advance(10_000);
  const text = prometheusText.render(metrics.dump());
  for (const line of [
    'holdfast_call_total{caller="test",call="try",outcome="ok"} 1',
    'holdfast_call_total{caller="test",call="try",outcome="TEST_WRONG"} 1',
    'holdfast_call_retries_total{caller="test",code="TEST_DOWN"} 1',
  ]) {
    assert.ok(text.includes(line), line);
  }
});
