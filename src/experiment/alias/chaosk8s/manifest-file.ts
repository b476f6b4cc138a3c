import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { messageOf } from "../../../kernel/index.ts";
import { type Json, type JsonObject, isObject } from "../../document/json.ts";
import { ActivityFailed } from "../../provider/activity-failed.ts";

/** The manifest in a JSON or YAML file, told apart by the file's name. */
export function manifestIn(file: string): JsonObject {
  if (!/\.(json|ya?ml)$/.test(file)) throw new ActivityFailed(`cannot process ${file}`);
  let manifest: Json;
  try {
    const text = readFileSync(file, "utf8");
    manifest = (file.endsWith(".json") ? JSON.parse(text) : parse(text, { maxAliasCount: 100 })) as Json;
  } catch (error) {
    throw new ActivityFailed(`${file} cannot be read: ${messageOf(error)}`);
  }
  if (!isObject(manifest)) throw new ActivityFailed(`${file} holds no object`);
  return manifest;
}
