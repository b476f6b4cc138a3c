import { type Json, type JsonObject, isObject, objectAt, textAt } from "../document/json.ts";
import { DryFaultKeeper } from "../fault/dry-fault-keeper.ts";
import { type Values, substitute } from "../values/substitute.ts";
import type { NativeContext } from "./native-activity.ts";
import { runNative } from "./run-native.ts";

/** These choose their victims by reading and touch nothing but through the keeper of faults: they can be played with one that only notes. */
const PLANNED = new Set([
  "component/restart",
  "component/signal",
  "component/stop",
  "deployments/rollout-restart",
  "deployments/scale",
  "nodes/cordon",
  "nodes/delete",
  "nodes/taint",
  "pods/evict",
  "pods/kill",
  "process/signal",
]);

/** What `--dry actions` does with an action of ours: who would be the victims of what. Rejects with ActivityFailed where nobody could be. */
export async function planNative(provider: JsonObject, values: Values, context: NativeContext, signal: AbortSignal): Promise<Json> {
  const name = textAt(provider, "activity") ?? "";
  if (PLANNED.has(name)) return runNative(provider, values, { ...context, faults: new DryFaultKeeper(context.evidence) }, signal);
  const given = substitute(objectAt(provider, "arguments"), values);
  context.evidence.recordEvent("dry run", `would play ${name} with ${JSON.stringify(given)}`);
  return { dry: true, activity: name, arguments: isObject(given) ? given : {} };
}
