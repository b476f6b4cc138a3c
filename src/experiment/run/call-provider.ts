import { systemRandom } from "../../kernel/index.ts";
import { runAlias } from "../alias/run-alias.ts";
import { type Json, type JsonObject, isList, isObject, objectAt, textAt, written } from "../document/json.ts";
import { runNative } from "../native/run-native.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { runHttp } from "../provider/run-http.ts";
import { runProcess } from "../provider/run-process.ts";
import { type Values, substitute } from "../values/substitute.ts";
import type { RunContext } from "./run-context.ts";

type CallContext = Pick<RunContext, "environment" | "python" | "aliases" | "natives" | "clock" | "isRollback">;

/** Does what an activity says, and answers what it answered. Rejects with {@link ActivityFailed}. */
export async function callProvider(activity: JsonObject, values: Values, context: CallContext, signal: AbortSignal): Promise<Json> {
  const provider = objectAt(activity, "provider");
  try {
    if (provider["type"] === "process") return await runProcess(provider, values, context.environment, signal);
    if (provider["type"] === "http") return await runHttp(provider, values, signal);
    if (provider["type"] === "holdfast" && context.natives !== undefined) return await runNative(provider, values, context.natives, signal);
    return await callPython(provider, values, context, signal);
  } catch (error) {
    if (error instanceof ActivityFailed) throw error;
    throw new ActivityFailed(error instanceof Error ? error.message : String(error));
  }
}

async function callPython(provider: JsonObject, values: Values, context: CallContext, signal: AbortSignal): Promise<Json> {
  const scopes = provider["secrets"];
  const merged: Record<string, Json | undefined> = {};
  if (isList(scopes))
    for (const scope of scopes) {
      const secrets = values.secrets[written(scope)];
      if (isObject(secrets)) Object.assign(merged, secrets);
    }
  const module = textAt(provider, "module") ?? "";
  const func = textAt(provider, "func") ?? "";
  const given = substitute(objectAt(provider, "arguments"), values);
  const alias = await context.aliases.find(module, func);
  if (alias !== undefined) {
    const { environment, clock, natives, isRollback } = context;
    const random = natives?.random ?? systemRandom;
    const called = { configuration: values.configuration, secrets: merged, environment, clock, random, kept: natives, isRollback };
    return runAlias(alias, isObject(given) ? given : {}, called, signal);
  }
  return context.python.ask(
    {
      do: "run",
      module,
      func,
      arguments: given,
      configuration: values.configuration,
      ...(isList(scopes) ? { secrets: merged } : {}),
    },
    signal,
  );
}
