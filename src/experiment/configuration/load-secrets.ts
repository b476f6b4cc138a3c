import { AppError } from "../../kernel/index.ts";
import { type Json, type JsonObject, isObject, textAt } from "../document/json.ts";
import type { Environment } from "./load-configuration.ts";

/** The secrets with their environment variables read (chaostoolkit-lib, `load_secrets`). Throws AppError `EXPERIMENT_INVALID`. */
export function loadSecrets(declared: JsonObject, given: JsonObject, environment: Environment): JsonObject {
  const secrets: Record<string, Json> = {};
  for (const [name, value] of Object.entries(declared)) {
    const ours = given[name];
    if (!isObject(value)) secrets[name] = value ?? null;
    else if (ours !== undefined && ours !== null) secrets[name] = ours;
    else if (value["type"] === "env") secrets[name] = fromEnvironment(value, environment);
    // Vault is not read; Chaos Toolkit without its client for Vault has nothing either. Strict validation refuses it.
    else if (value["type"] === "vault") secrets[name] = {};
    else secrets[name] = loadSecrets(value, isObject(ours) ? ours : {}, environment);
  }
  return secrets;
}

function fromEnvironment(value: JsonObject, environment: Environment): string {
  const key = textAt(value, "key") ?? "";
  const found = environment[key];
  if (found === undefined)
    throw new AppError("EXPERIMENT_INVALID", `Secrets make reference to an environment key that does not exist: ${key}`);
  return found;
}
