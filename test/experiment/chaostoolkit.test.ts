import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { createAliases } from "../../src/experiment/alias/aliases.ts";
import { validateTolerance } from "../../src/experiment/document/validate-tolerance.ts";
import type { Json } from "../../src/experiment/document/json.ts";
import type { DocumentProblem } from "../../src/experiment/document/problem.ts";
import { openExperiment } from "../../src/experiment/open-experiment.ts";
import { createPythonWorker } from "../../src/experiment/provider/python-worker.ts";
import type { ActivityRun, Journal, SteadyState } from "../../src/experiment/run/journal.ts";
import { isWithinTolerance } from "../../src/experiment/tolerance/within-tolerance.ts";

// What the real Chaos Toolkit was seen to do, against `--compat`.
const CORPUS = join(import.meta.dirname, "../../../shared/corpora/chaostoolkit");
const HOLDFAST = join(import.meta.dirname, "../../bin/holdfast");
const AT_ONCE = 4;

interface RecordedRun {
  readonly case: string;
  readonly flags: readonly string[];
  readonly start_state: string;
  readonly experiment: Json;
  readonly expected: Json;
}

interface RecordedVerdict {
  readonly name?: string;
  readonly experiment: Json;
  readonly tolerance: Json;
  readonly valid: boolean;
  readonly error?: string;
  readonly message?: string;
  readonly value: Json;
  readonly result?: boolean;
  readonly raises?: string;
}

if (existsSync(CORPUS)) corpusTests();
else process.stdout.write("not run: Chaos Toolkit's recorded behaviour (../shared/corpora/chaostoolkit is not there)\n");

function corpusTests(): void {
  const read = (name: string): unknown => JSON.parse(readFileSync(join(CORPUS, name), "utf8"));

  describe("recorded runs of Chaos Toolkit", { concurrency: AT_ONCE }, () => {
    const cases = read("cases.json") as readonly RecordedRun[];
    it("are all there", () => assert.equal(cases.length, 28));
    for (const recorded of cases) {
      it(recorded.case, async (t) => {
        const folder = mkdtempSync(join(tmpdir(), "holdfast-experiment-"));
        t.after(() => rmSync(folder, { recursive: true, maxRetries: 5 }));
        const { exit, journal, isFlagThere } = await play(recorded, folder);
        assert.deepEqual(summary(journal, exit, isFlagThere), recorded.expected);
        const theirs = JSON.parse(JSON.stringify(read(`journals/${recorded.case}.json`)).replaceAll("SCRATCH", folder)) as Journal;
        assert.deepEqual(lasting(journal), lasting(theirs));
      });
    }
  });

  it("an experiment is valid when it was, and the message is the same", async () => {
    const python = createPythonWorker("python3", process.env);
    const aliases = createAliases(python, { prefersPython: true });
    try {
      const cases = read("validation.json") as readonly RecordedVerdict[];
      assert.equal(cases.length, 45);
      for (const { name, experiment, valid, error, message } of cases) {
        const { problems } = await openExperiment(JSON.stringify(experiment), "experiment.json", {
          environment: process.env,
          python,
          aliases,
          rules: "chaostoolkit",
        });
        assert.deepEqual(firstOf(problems), { valid, error, message }, name ?? "");
      }
    } finally {
      python.close();
    }
  });

  it("a tolerance is valid when it was, and is met when it was", async () => {
    const { validate, apply } = read("tolerance.json") as {
      readonly validate: readonly RecordedVerdict[];
      readonly apply: readonly RecordedVerdict[];
    };
    assert.deepEqual([validate.length, apply.length], [21, 40]);
    for (const { tolerance, valid, error, message } of validate) {
      const problems: DocumentProblem[] = [];
      validateTolerance(tolerance, [], (problem) => problems.push(problem), {
        environment: {},
        pythonProblem: () => undefined,
        nativeProblems: undefined,
      });
      assert.deepEqual(firstOf(problems), { valid, error, message }, JSON.stringify(tolerance));
    }
    for (const { tolerance, value, result, raises } of apply) {
      const judged = await isWithinTolerance(tolerance, value, { configuration: {}, secrets: {} }, () => Promise.resolve(null)).catch(
        (thrown: unknown) => (thrown instanceof Error ? thrown.name : ""),
      );
      assert.equal(judged, result ?? raises, `${JSON.stringify(tolerance)} of ${JSON.stringify(value)}`);
    }
  });
}

function firstOf(problems: readonly DocumentProblem[]): unknown {
  const first = problems.find(({ isStrict }) => isStrict !== true);
  return { valid: first === undefined, error: first?.kind, message: first?.message };
}

async function play(
  { experiment, flags, start_state }: RecordedRun,
  folder: string,
): Promise<{ readonly exit: number | null; readonly journal: Journal; readonly isFlagThere: boolean }> {
  const [file, journalFile, flag] = [join(folder, "experiment.json"), join(folder, "journal.json"), join(folder, "flag")];
  writeFileSync(file, JSON.stringify(experiment).replaceAll("SCRATCH", folder));
  if (start_state === "flag present") writeFileSync(flag, "");
  const child = spawn(HOLDFAST, ["experiment", "run", file, "--compat", "--journal", journalFile, ...flags], { stdio: "ignore" });
  const exit = await new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { exit, journal: JSON.parse(readFileSync(journalFile, "utf8")) as Journal, isFlagThere: existsSync(flag) };
}

function summary({ status, deviated, steady_states, run, rollbacks }: Journal, exit: number | null, isFlagThere: boolean): unknown {
  const { before, after, during } = steady_states;
  const shown = (runs: readonly ActivityRun[]): unknown => runs.map((one) => [one.activity["name"], one.status]);
  return {
    exit,
    status,
    deviated,
    before: before?.steady_state_met ?? null,
    after: after?.steady_state_met ?? null,
    during_any: during.length > 0,
    during_last: during.at(-1)?.steady_state_met ?? null,
    run: shown(run),
    rollbacks: shown(rollbacks),
    flag_after: isFlagThere,
  };
}

/** A journal without what differs from run to run: times, the machine, tracebacks, and what it saw beside the method but for the last. */
function lasting({ experiment, status, deviated, steady_states, run, rollbacks, ...more }: Journal): unknown {
  const ran = ({ start, end, duration, exception, ...rest }: ActivityRun): unknown => ({
    ...rest,
    isTimed: [start, end].every((time) => /^\d{4}-.*\.\d{6}\+00:00$/.test(String(time))) && typeof duration === "number",
    exception: exception?.at(-1),
  });
  const state = (one: SteadyState | null | undefined): unknown =>
    one === null || one === undefined ? one : { ...one, probes: one.probes.map(ran) };
  const { before, after, during } = steady_states;
  return {
    fields: Object.keys(more).sort(),
    experiment: experiment,
    status,
    deviated,
    before: state(before),
    after: state(after),
    during: state(during.at(-1)),
    run: run.map(ran),
    rollbacks: rollbacks.map(ran),
  };
}
