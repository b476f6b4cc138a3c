import { parseArgs } from "node:util";
import * as fc from "fast-check";
import { messageOf } from "../../../src/kernel/index.ts";
import { beginning } from "./faultless-end.ts";
import { runSchedule } from "./run-schedule.ts";
import { type Schedule, schedules, textOf } from "./schedule.ts";

// `npm run schedules:alb -- --runs 50 --seed 1`: random schedules of changes, faults, lies and deaths, each of its own seed. A red one is shrunk for so many
// minutes and printed; `--seed N --runs 1` runs it again. Ends with 1 when one is red.
const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
    most: { type: "string", default: "8" },
    "within-minutes": { type: "string", default: "300" },
    "shrink-minutes": { type: "string", default: "5" },
    verbose: { type: "boolean", default: false },
  },
});
const [runs, first, most, withinMinutes, shrinkMinutes] = [
  values.runs,
  values.seed,
  values.most,
  values["within-minutes"],
  values["shrink-minutes"],
].map(Number) as [number, number, number, number, number];
const from = await beginning();
const acts = new Map<string, number>();
const startedAtMs = performance.now();
let red = 0;
for (let seed = first; seed < first + runs; seed++) {
  let shrinkUntilMs = Infinity;
  const found: { schedule: Schedule; violations: readonly string[] }[] = [];
  const property = fc.asyncProperty(schedules(most, withinMinutes), async (schedule) => {
    if (performance.now() > shrinkUntilMs) return true;
    const violations = await judged(schedule);
    if (found.length === 0) for (const { act } of schedule) acts.set(act.do, (acts.get(act.do) ?? 0) + 1);
    if (values.verbose && found.length === 0) process.stdout.write(`seed ${seed}\n${textOf(schedule)}\n`);
    if (violations.length === 0) return true;
    if (found.length === 0) shrinkUntilMs = performance.now() + shrinkMinutes * 60_000;
    found.push({ schedule, violations });
    return false;
  });
  await fc.check(property, { seed, numRuns: 1 });
  const smallest = found.at(-1);
  if (smallest === undefined) continue;
  red++;
  const [whole] = found;
  process.stdout.write(
    `RED seed ${seed}: ${whole?.schedule.length ?? 0} things, shrunk to ${smallest.schedule.length}\n${textOf(smallest.schedule)}\n`,
  );
  for (const line of smallest.violations.slice(0, 8)) process.stdout.write(`      ${line}\n`);
}
const counts = [...acts].map(([act, count]) => `${count} × ${act}`).join(", ");
process.stdout.write(
  `${runs} schedules, ${red} red (${counts}); ${Math.round((performance.now() - startedAtMs) / 1_000)} s, seeds ${first} to ${first + runs - 1}\n`,
);
process.exit(red === 0 ? 0 : 1);

async function judged(schedule: Schedule): Promise<readonly string[]> {
  try {
    return await runSchedule(schedule, from);
  } catch (error) {
    return [`the run itself failed: ${messageOf(error)}`];
  }
}
