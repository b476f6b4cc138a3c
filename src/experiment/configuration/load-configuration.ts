import { AppError } from "../../kernel/index.ts";
import { type Json, type JsonObject, isObject, textAt } from "../document/json.ts";
import { convertTo } from "./convert.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The configuration with its environment variables read. What is given on the command line comes first; a probe in it stays to be run
 * (chaostoolkit-lib, `load_configuration`). Throws AppError `EXPERIMENT_INVALID`.
 */
export function loadConfiguration(declared: JsonObject, given: JsonObject, environment: Environment): JsonObject {
  const values: Record<string, Json> = {};
  for (const [name, declaredValue] of Object.entries(declared)) {
    const value = given[name] ?? declaredValue ?? null;
    values[name] = isObject(value) && value["type"] === "env" ? readEnvironment(value, environment) : value;
  }
  return values;
}

function readEnvironment(value: JsonObject, environment: Environment): Json {
  const key = textAt(value, "key") ?? "";
  const found = environment[key];
  if (found === undefined && value["default"] === undefined)
    throw new AppError("EXPERIMENT_INVALID", `Configuration makes reference to an environment key that does not exist: ${key}`);
  return convertTo(textAt(value, "env_var_type"), found ?? value["default"] ?? null);
}
