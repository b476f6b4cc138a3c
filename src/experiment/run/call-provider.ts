import { type Json, type JsonObject, isList, isObject, objectAt, textAt, written } from "../document/json.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { runHttp } from "../provider/run-http.ts";
import { runProcess } from "../provider/run-process.ts";
import { type Values, substitute } from "../values/substitute.ts";
import type { RunContext } from "./run-context.ts";

type CallContext = Pick<RunContext, "environment" | "python">;

/** Does what an activity says, and answers what it answered. Rejects with {@link ActivityFailed}. */
export async function callProvider(activity: JsonObject, values: Values, context: CallContext, signal: AbortSignal): Promise<Json> {
  const provider = objectAt(activity, "provider");
  try {
    if (provider["type"] === "process") return await runProcess(provider, values, context.environment, signal);
    if (provider["type"] === "http") return await runHttp(provider, values, signal);
    return await callPython(provider, values, context, signal);
  } catch (error) {
    if (error instanceof ActivityFailed) throw error;
    throw new ActivityFailed(error instanceof Error ? error.message : String(error));
  }
}

function callPython(provider: JsonObject, values: Values, { python }: CallContext, signal: AbortSignal): Promise<Json> {
  const scopes = provider["secrets"];
  const merged: Record<string, Json | undefined> = {};
  if (isList(scopes))
    for (const scope of scopes) {
      const secrets = values.secrets[written(scope)];
      if (isObject(secrets)) Object.assign(merged, secrets);
    }
  return python.ask(
    {
      do: "run",
      module: textAt(provider, "module") ?? "",
      func: textAt(provider, "func") ?? "",
      arguments: substitute(objectAt(provider, "arguments"), values),
      configuration: values.configuration,
      ...(isList(scopes) ? { secrets: merged } : {}),
    },
    signal,
  );
}
