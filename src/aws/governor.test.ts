import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError, seededRandom } from "../kernel/index.ts";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { MetricsRegistry, prometheusText } from "../telemetry/index.ts";
import { type Effect, type Governor, createGovernor } from "./governor.ts";

const elb = "elasticloadbalancing";

function rig(): {
  clock: ManualClock;
  governor: Governor;
  metrics: MetricsRegistry;
  call: (action: string, effect: Effect, run?: () => Promise<unknown>) => Promise<string>;
} {
  const clock = new ManualClock();
  const metrics = new MetricsRegistry();
  const governor = createGovernor({ clock, random: seededRandom(1), metrics });
  const call = (action: string, effect: Effect, run: () => Promise<unknown> = () => Promise.resolve()): Promise<string> =>
    governor.call({ service: elb, action, effect, isIdempotent: true, timeoutMs: 60_000, attemptTimeoutMs: 10_000, run }).then(
      () => "done",
      (error: unknown) => (error instanceof AppError ? error.code : "?"),
    );
  return { clock, governor, metrics, call };
}

const throttled = (): Promise<never> => Promise.reject(new AppError("AWS_THROTTLED", "Rate exceeded", { retry: "safe" }));
const broken = (): Promise<never> => Promise.reject(new AppError("AWS_UNAVAILABLE", "down", { retry: "idempotent" }));

test("L9: of those that wait additions go first and removals last", async () => {
  const { clock, call } = rig();
  const order: string[] = [];
  for (let at = 0; at < 10; at++) void call("CreateListener", "add");
  for (const [action, effect] of [
    ["DeleteListener", "remove"],
    ["ModifyListener", "change"],
    ["CreateListener", "add"],
  ] as const)
    void call(action, effect, () => Promise.resolve(order.push(effect)));
  await clock.advance(10_000);
  assert.deepEqual(order, ["add", "change", "remove"]);
});

test("L9: a class that is throttled slows down and lets an addition through within a minute, while others go on at their pace", async () => {
  const { clock, metrics, call } = rig();
  for (let minute = 0; minute < 3; minute++) {
    void call("CreateListener", "add", throttled);
    await clock.advance(20_000);
  }
  const reads = Array.from({ length: 200 }, () => call("ModifyListener", "change", throttled));
  let isAdded = false;
  void call("CreateListener", "add").then(() => {
    isAdded = true;
  });
  await clock.advance(60_000);
  assert.ok(isAdded);
  const seen: string[] = [];
  for (let at = 0; at < 20; at++) void call("DescribeListeners", "read").then((outcome) => seen.push(outcome));
  await clock.advance(100);
  assert.equal(seen.length, 20, "the other class has its whole burst");
  const pace = /aws_api_calls_per_second\{service="elasticloadbalancing",class="write"\} ([\d.]+)/.exec(
    prometheusText.render(metrics.dump()),
  )?.[1];
  assert.ok(Number(pace) < 1.5, String(pace));
  await clock.advance(3_600_000);
  await Promise.all(reads);
});

test("a class that fails is left alone, says so, and is tried again one call at a time; a refusal or a gap of one thing is no failure", async () => {
  const { clock, governor, call } = rig();
  for (let at = 0; at < 12; at++) void call("DescribeListeners", "read", () => Promise.reject(new AppError("AWS_NOT_FOUND", "gone")));
  const lacking = (): Promise<never> => Promise.reject(new AppError("AWS_INCOMPLETE", "State is missing", { retry: "idempotent" }));
  for (let at = 0; at < 12; at++) void call("DescribeTargetHealth", "read", lacking);
  await clock.advance(60_000);
  assert.deepEqual(governor.openCircuits(), []);
  for (let at = 0; at < 6; at++) void call("DescribeListeners", "read", broken);
  await clock.advance(120_000);
  assert.deepEqual(governor.openCircuits(), [`${elb} describe`]);
  assert.ok(governor.isOpen(elb, "describe") && !governor.isOpen(elb, "write"));
  let made = 0;
  const all = Array.from({ length: 5 }, () =>
    call("DescribeListeners", "read", () => {
      made++;
      return Promise.resolve();
    }),
  );
  await clock.advance(60_000);
  assert.deepEqual(new Set(await Promise.all(all)), new Set(["done"]));
  assert.equal(made, 5);
  assert.deepEqual(governor.openCircuits(), []);
});

test("a breaker of writes that would let one through is no reason to make none: what waits for it may be all there is to write", async () => {
  const { clock, governor, call } = rig();
  for (let at = 0; at < 6; at++) void call("DeleteLoadBalancer", "remove", broken);
  let wasOpen = false;
  for (let second = 0; second < 600; second++) {
    await clock.advance(1_000);
    wasOpen ||= governor.openCircuits().length > 0;
  }
  assert.ok(wasOpen);
  assert.ok(governor.isOpen(elb, "write"));
  assert.deepEqual(governor.openCircuits(), []);
});
