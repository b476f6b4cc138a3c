import { type Json, type JsonObject, isObject, objectAt, written } from "../document/json.ts";
import type { Values } from "../values/substitute.ts";

/** Runs a probe of the configuration; rejects when it fails. */
export type RunProbe = (probe: JsonObject, values: Values) => Promise<Json>;

/**
 * Runs the probes in a configuration and puts their answers in their places: of a program its standard output, of a request its body
 * (chaostoolkit-lib, `load_dynamic_configuration`). A key whose probe fails is left out, and named in `failed`.
 */
export async function loadDynamic(
  configuration: JsonObject,
  secrets: JsonObject,
  runProbe: RunProbe,
): Promise<{ readonly configuration: JsonObject; readonly failed: readonly string[] }> {
  const values: Record<string, Json | undefined> = {};
  const failed: string[] = [];
  for (const [name, value] of Object.entries(configuration)) {
    if (!isObject(value) || value["type"] !== "probe") {
      values[name] = value;
      continue;
    }
    try {
      values[name] = answerOf(await runProbe(value, { configuration: values, secrets }), objectAt(value, "provider")["type"]);
    } catch {
      failed.push(name);
    }
  }
  return { configuration: values, failed };
}

function answerOf(output: Json, provider: Json | undefined): Json {
  if (!isObject(output)) return output;
  if (provider === "http") return output["body"] ?? null;
  if (provider !== "process") return output;
  if (output["status"] !== 0) throw new Error(`it ended with status ${written(output["status"])}`);
  return written(output["stdout"]).trim();
}
