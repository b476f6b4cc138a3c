import { sleep } from "../../kernel/index.ts";
import { type Json, type JsonObject, objectAt, textAt } from "../document/json.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { substitute } from "../values/substitute.ts";
import { planNative } from "../native/plan-native.ts";
import { callProvider } from "./call-provider.ts";
import { type ActivityRun, instant } from "./journal.ts";
import type { RunContext } from "./run-context.ts";

/** Runs an activity with its controls and pauses, and tells of it in `runs` from its start on (chaostoolkit-lib, `execute_activity`).
 * Rejects when it was interrupted before it began. */
export async function runActivity(
  listed: JsonObject,
  context: RunContext,
  signal: AbortSignal,
  runs?: ActivityRun[],
): Promise<ActivityRun> {
  const { values, options, clock, controls, observer } = context;
  const ref = textAt(listed, "ref");
  const named = ref === undefined ? listed : context.activities.get(ref);
  if (named === undefined) throw new ActivityFailed(`could not find referenced activity '${ref ?? ""}'`);
  const activity = await controls.before("activity", named);
  const pauses = substitute(objectAt(activity, "pauses"), values) as JsonObject;
  const isDry =
    options.dry === "activities" ||
    (options.dry === "actions" && activity["type"] === "action") ||
    (options.dry === "probes" && activity["type"] === "probe");
  const pause = async (seconds: unknown): Promise<void> => {
    if (options.dry !== "pause" && !isDry && Number(seconds) > 0) await sleep(clock, Number(seconds) * 1000, signal);
  };
  await pause(pauses["before"]);
  // Ended before it began: it is not in the journal.
  signal.throwIfAborted();
  const startedMs = clock.monoMs();
  const run: ActivityRun = { activity, output: null, start: instant(clock.wallMs()), status: "failed" };
  runs?.push(run);
  observer.activityStarts?.(activity);
  try {
    run.output = isDry ? await planned(activity, context, signal) : await callProvider(activity, values, context, signal);
    run.status = "succeeded";
  } catch (error) {
    run.exception = error instanceof ActivityFailed ? error.lines : [`chaoslib.exceptions.ActivityFailed: interrupted\n`];
  }
  run.end = instant(clock.wallMs());
  run.duration = (clock.monoMs() - startedMs) / 1000;
  observer.activityEnds?.(run);
  if (!signal.aborted) await pause(pauses["after"]);
  await controls.after("activity", activity, run as unknown as JsonObject);
  return run;
}

/** Of actions of ours a dry run says who would be their victims; of others it says nothing. */
async function planned(activity: JsonObject, { natives, values }: RunContext, signal: AbortSignal): Promise<Json> {
  const provider = objectAt(activity, "provider");
  if (natives === undefined || provider["type"] !== "holdfast" || activity["type"] !== "action") return null;
  return planNative(provider, values, natives, signal);
}
