import type { Schema } from "./resource-type.ts";

/** The schema of a built-in kind. */
export function builtinSchema(_kind: { group: string; version: string; kind: string }): Schema | undefined {
  return undefined;
}
