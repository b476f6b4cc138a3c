import assert from "node:assert/strict";
import { test } from "node:test";
import { stepsOf } from "./capacity.ts";
import { readPlan } from "./plan/read-plan.ts";

test("a capacity is looked for step by step, upwards", () => {
  const planOf = (phases: readonly string[]): ReturnType<typeof readPlan>["plan"] => readPlan({ url: "http://127.0.0.1", phases }).plan;
  const steps = stepsOf(planOf(["100..300+100/5s"]));
  assert.deepEqual(
    steps.map(({ ratePerSecond, plan }) => [ratePerSecond, plan.segments.length, plan.segments[0]?.seconds]),
    [
      [100, 1, 5],
      [200, 1, 5],
      [300, 1, 5],
    ],
  );
  for (const phases of [["100/5s"], ["100..200/5s", "300/5s"], ["200/5s", "100/5s"]])
    assert.throws(() => stepsOf(planOf(phases)), { code: "EXPERIMENT_LOAD_PLAN" }, phases.join());
});
