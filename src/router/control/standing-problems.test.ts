import assert from "node:assert/strict";
import { test } from "node:test";

import type { ObjectProblem } from "../../ingress/index.ts";
import { ManualClock } from "../../kernel/testing/manual-clock.ts";
import { createStandingProblems } from "./standing-problems.ts";

function problemOf(name: string): ObjectProblem {
  return { kind: "Ingress", namespace: "shop", name, code: "INGRESS_SERVICE", message: "there is no Service shop/web", effect: "partial" };
}

test("a problem that stands is told once, one that is mended at once is not", async () => {
  const clock = new ManualClock();
  const told: string[] = [];
  const standing = createStandingProblems(clock, ({ name }) => told.push(name));
  for (const name of ["mended", "stands"]) standing.see(name, [problemOf(name)]);
  await clock.advance(1_000);
  standing.see("mended", []);
  standing.see("later", [problemOf("later")]);
  await clock.advance(2_500);
  assert.deepEqual(told, ["stands"]);
  standing.see("stands", [problemOf("stands")]);
  await clock.advance(10_000);
  assert.deepEqual(told, ["stands", "later"]);
});

test("a problem that comes back after it was mended is told again", async () => {
  const clock = new ManualClock();
  const told: string[] = [];
  const standing = createStandingProblems(clock, ({ name }) => told.push(name));
  standing.see("web", [problemOf("web")]);
  await clock.advance(4_000);
  standing.see("web", []);
  standing.see("web", [problemOf("web")]);
  await clock.advance(10_000);
  assert.deepEqual(told, ["web", "web"]);
});

test("a thousand problems are told a hundred at a time", async () => {
  const clock = new ManualClock();
  let told = 0;
  const standing = createStandingProblems(clock, () => told++);
  for (let at = 0; at < 1_000; at++) standing.see(`web-${at}`, [problemOf(`web-${at}`)]);
  await clock.advance(3_000);
  assert.equal(told, 100);
  await clock.advance(60_000);
  assert.equal(told, 1_000);
});
