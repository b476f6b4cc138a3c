import { type Json, type JsonObject, isObject, objectAt, textAt } from "../document/json.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { type Values, substitute } from "../values/substitute.ts";
import { findNativeActivity } from "./activities.ts";
import { checkArguments, finishedArguments } from "./argument-rules.ts";
import type { NativeContext } from "./native-activity.ts";

/** Runs an activity of ours with its values in place. Rejects with {@link ActivityFailed}, also when those are not what it takes. */
export async function runNative(provider: JsonObject, values: Values, context: NativeContext, signal: AbortSignal): Promise<Json> {
  const name = textAt(provider, "activity") ?? "";
  const native = findNativeActivity(name);
  if (native === undefined) throw new ActivityFailed(`there is no activity ${JSON.stringify(name)}`);
  const substituted = substitute(objectAt(provider, "arguments"), values);
  const given = finishedArguments(native.arguments, isObject(substituted) ? substituted : {});
  const wrong = checkArguments(native.arguments, given);
  const [problem] = wrong.length > 0 ? wrong : (native.check?.(given) ?? []);
  if (problem !== undefined) {
    const where = problem.argument === "" ? name : `${name}, argument ${JSON.stringify(problem.argument)}`;
    throw new ActivityFailed(`${where}: ${problem.message}: ${problem.mend}`);
  }
  return native.run(given, { ...context, values, signal });
}
