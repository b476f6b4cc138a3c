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
  standing.see([problemOf("mended"), problemOf("stands")]);
  await clock.advance(1_000);
  standing.see([problemOf("stands"), problemOf("later")]);
  await clock.advance(2_500);
  assert.deepEqual(told, ["stands"]);
  standing.see([problemOf("stands"), problemOf("later")]);
  await clock.advance(10_000);
  assert.deepEqual(told, ["stands", "later"]);
});

test("a problem that comes back after it was mended is told again", async () => {
  const clock = new ManualClock();
  const told: string[] = [];
  const standing = createStandingProblems(clock, ({ name }) => told.push(name));
  standing.see([problemOf("web")]);
  await clock.advance(4_000);
  standing.see([]);
  standing.see([problemOf("web")]);
  await clock.advance(10_000);
  assert.deepEqual(told, ["web", "web"]);
});

test("a thousand problems are told a hundred at a time", async () => {
  const clock = new ManualClock();
  let told = 0;
  const standing = createStandingProblems(clock, () => told++);
  standing.see(Array.from({ length: 1_000 }, (_, at) => problemOf(`web-${at}`)));
  await clock.advance(3_000);
  assert.equal(told, 100);
  await clock.advance(60_000);
  assert.equal(told, 1_000);
});
