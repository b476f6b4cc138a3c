import { equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { PhysicsWindow } from "./physics-window.ts";

const TARGET_MS = 100;

/** A window of a second with ten requests a tick, so many ticks long. */
function filled(ticks: number, latencyMs: number): { readonly window: PhysicsWindow; readonly nowMs: number } {
  const window = new PhysicsWindow(TARGET_MS, 1_000);
  let nowMs = 0;
  for (let tick = 0; tick < ticks; tick++, nowMs += 100) for (let at = 0; at < 10; at++) window.count(latencyMs, false, nowMs);
  window.roll(nowMs);
  return { window, nowMs };
}

function near(left: number, right: number): void {
  ok(Math.abs(left - right) < 1e-9 * Math.max(1, Math.abs(right)), `${left} and ${right}`);
}

test("a steady latency is its own baseline, and nothing is rejected", () => {
  const { found } = filled(200, 50).window;
  near(found.resistance, 0.5);
  near(found.baseline, 0.5);
  equal(found.probability, 0);
});

test("latency in targets and five times the share of errors resist; what is over the threshold is rejected in proportion", () => {
  const { window, nowMs } = filled(200, 50);
  for (let at = 0; at < 10; at++) window.count(at < 5 ? 1_050 : 50, at === 0, nowMs);
  ok(window.roll(nowMs + 100));
  const { resistance, threshold, probability } = window.found;
  // Ninety-five requests of 50 ms and five of 1,050: a target in the mean. One of the hundred failed.
  near(resistance, 1 + 5 / 100);
  near(probability, (resistance - threshold) / resistance);
});

test("nothing is rejected in the first five seconds", () => {
  const { window, nowMs } = filled(40, 50);
  for (let at = 0; at < 10; at++) window.count(5_000, true, nowMs);
  window.roll(nowMs + 100);
  ok(window.found.resistance > window.found.threshold);
  equal(window.found.probability, 0);
});

test("a long rest comes to what its ticks one by one come to", () => {
  const stepped = filled(100, 50);
  const rested = filled(100, 50);
  for (let tick = 1; tick <= 500; tick++) stepped.window.roll(stepped.nowMs + tick * 100);
  rested.window.roll(rested.nowMs + 500 * 100);
  near(rested.window.found.baseline, stepped.window.found.baseline);
  near(rested.window.found.threshold, stepped.window.found.threshold);
});
