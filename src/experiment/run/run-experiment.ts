import { sleep } from "../../kernel/index.ts";
import { type JsonObject, objectAt, objectsAt } from "../document/json.ts";
import { type ActivityRun, type Journal, type SteadyState, instant } from "./journal.ts";
import { judgeProbe } from "./judge-probe.ts";
import { lookAtSteadyState } from "./look-at-steady-state.ts";
import { runActivity } from "./run-activity.ts";
import { secondsMissed } from "./seconds-missed.ts";
import type { HypothesisStrategy, RollbackStrategy, RunContext } from "./run-context.ts";

/**
 * Plays an experiment as chaostoolkit-lib does (`Runner._run`): gate, method with looks at the steady state beside it, check, rollbacks. `journal` is
 * filled while it runs. Rejects with PythonTypeError where a tolerance cannot be applied: the real tool ends there, without a journal.
 */
export async function runExperiment(journal: Journal, context: RunContext): Promise<void> {
  const { experiment, options, clock, controls, interrupter } = context;
  const startedMs = clock.monoMs();
  const strategy = objectsAt(objectAt(experiment, "steady-state-hypothesis"), "probes").length > 0 ? options.hypothesisStrategy : "skip";
  await controls.configure();
  try {
    await controls.before("experiment", experiment);
    if (!looksBefore(strategy) || (await isGateOpen(journal, context))) {
      await playMethod(journal, context, strategy);
      if (journal.status !== "aborted" && !interrupter.signal.aborted && looksAfter(strategy)) await check(journal, context);
    }
    if (interrupter.signal.aborted) journal.status = "interrupted";
    if (playsRollbacks(options.rollbackStrategy, journal, context)) await playRollbacks(journal, context);
    await context.natives?.faults.revertAll();
    if (options.rules === "holdfast" && strategy !== "skip" && journal.run.length > 0) await lookAgain(journal, context);
    journal.status ??= "completed";
    journal.end = instant(clock.wallMs());
    journal.duration = (clock.monoMs() - startedMs) / 1000;
    await controls.after("experiment", experiment, journal as unknown as JsonObject);
  } finally {
    await controls.cleanUp();
  }
}

const looksBefore = (strategy: HypothesisStrategy): boolean => ["default", "before-method-only", "continuously"].includes(strategy);
const looksDuring = (strategy: HypothesisStrategy): boolean => ["during-method-only", "continuously"].includes(strategy);
const looksAfter = (strategy: HypothesisStrategy): boolean => ["default", "after-method-only", "continuously"].includes(strategy);

function statusAfter({ probes }: SteadyState): "completed" | "failed" {
  return probes.some(({ status }) => status !== "succeeded") ? "failed" : "completed";
}

async function isGateOpen(journal: Journal, context: RunContext): Promise<boolean> {
  context.observer.phase?.("before");
  const state = await lookAtSteadyState(context, context.interrupter.signal);
  journal.steady_states.before = state;
  context.observer.looked?.(state, "before");
  if (context.interrupter.signal.aborted) return false;
  if (state.steady_state_met !== true) journal.status = statusAfter(state);
  return state.steady_state_met === true;
}

async function check(journal: Journal, context: RunContext): Promise<void> {
  context.observer.phase?.("after");
  const state = await lookAtSteadyState(context, context.interrupter.signal);
  journal.steady_states.after = state;
  context.observer.looked?.(state, "after");
  if (state.steady_state_met !== false || context.interrupter.signal.aborted) return;
  journal.deviated = true;
  journal.status = statusAfter(state);
}

async function playMethod(journal: Journal, context: RunContext, strategy: HypothesisStrategy): Promise<void> {
  const { experiment, controls, observer, interrupter } = context;
  observer.phase?.("method");
  const over = new AbortController();
  const looking = looksDuring(strategy) ? lookOn(journal, context, over.signal) : Promise.resolve();
  // A tolerance that raises aborts the run, but not before what is under way has ended.
  const looked = looking.catch(() => {
    journal.status = "aborted";
  });
  await controls.before("method", experiment);
  await playActivities(objectsAt(experiment, "method"), journal.run, context, interrupter.signal, () => journal.status !== null);
  await controls.after("method", experiment, journal.run as unknown as JsonObject[]);
  over.abort();
  await looked;
}

async function lookOn(journal: Journal, context: RunContext, over: AbortSignal): Promise<void> {
  const { options, clock, interrupter, observer } = context;
  while (!over.aborted && !interrupter.signal.aborted && journal.status === null) {
    const state = await lookAtSteadyState(context, interrupter.signal);
    if (interrupter.signal.aborted) return;
    journal.steady_states.during.push(state);
    observer.looked?.(state, "during");
    const missedS = secondsMissed([...journal.steady_states.during]);
    if (options.haltAfterS !== undefined && missedS > options.haltAfterS) {
      const by = `the steady state: it was missed for ${missedS.toFixed(1)} s, and ${options.haltAfterS} s are allowed (--halt-after)`;
      interrupter.interrupt({ by, withoutRollbacks: false });
      return;
    }
    if (state.steady_state_met === false && options.failFast) {
      journal.status = "failed";
      return;
    }
    await sleep(clock, options.hypothesisFrequencyS * 1000, over);
  }
}

function playsRollbacks(strategy: RollbackStrategy, journal: Journal, { interrupter, options }: RunContext): boolean {
  if (interrupter.interruption?.withoutRollbacks === true) return false;
  if (strategy !== "default") return strategy === "always" || (strategy === "deviated" && journal.deviated);
  // Ours: whatever was begun is put back, and what was not begun is not.
  if (options.rules === "holdfast") return journal.run.length > 0;
  return journal.status !== "failed" && journal.status !== "interrupted";
}

/** Whether it is all well again. */
async function lookAgain(journal: Journal, context: RunContext): Promise<void> {
  const state = await lookAtSteadyState(context, new AbortController().signal);
  journal.steady_states.restored = state;
  context.observer.looked?.(state, "restored");
}

async function playRollbacks(journal: Journal, context: RunContext): Promise<void> {
  const { experiment, controls, observer } = context;
  observer.phase?.("rollbacks");
  await controls.before("rollback", experiment);
  // What interrupted the method must not interrupt what puts things right.
  const isRollback = true;
  await playActivities(
    objectsAt(experiment, "rollbacks"),
    journal.rollbacks,
    { ...context, isRollback },
    new AbortController().signal,
    () => false,
  );
  await controls.after("rollback", experiment, journal.rollbacks as unknown as JsonObject[]);
}

/** One after the other; those in the background beside them, awaited at the end. */
async function playActivities(
  activities: readonly JsonObject[],
  runs: ActivityRun[],
  context: RunContext,
  signal: AbortSignal,
  isOver: () => boolean,
): Promise<void> {
  const inBackground: Promise<unknown>[] = [];
  for (const activity of activities) {
    if (signal.aborted) break;
    const run = playActivity(activity, runs, context, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    if (activity["background"] === true) inBackground.push(run);
    else await run;
    if (isOver()) break;
  }
  await Promise.all(inBackground);
}

/** Ours: a probe with a tolerance is judged wherever it stands; Chaos Toolkit judges those of the hypothesis alone. */
async function playActivity(activity: JsonObject, runs: ActivityRun[], context: RunContext, signal: AbortSignal): Promise<void> {
  const run = await runActivity(activity, context, signal, runs);
  const isJudged = context.options.rules === "holdfast" && run.activity["type"] === "probe" && run.activity["tolerance"] !== undefined;
  if (!isJudged || run.status !== "succeeded") return;
  const isMet = await judgeProbe(run.activity, run, context, signal);
  if (isMet !== undefined) run.tolerance_met = isMet;
  context.observer.judged?.(run);
}
