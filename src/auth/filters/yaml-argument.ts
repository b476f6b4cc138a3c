import { createRequire } from "node:module";
import { isRecord, messageOf } from "../../kernel/index.ts";
import type { CallArguments } from "../../route/index.ts";

/** An argument that is a YAML mapping with some of these keys. Throws AppError `ROUTE_ARGUMENT`. */
export function readYamlArgument(args: CallArguments, at: number, keys: readonly string[]): Readonly<Record<string, unknown>> {
  // Loaded when a route needs it: workers load nothing that they do not use.
  const { parse } = createRequire(import.meta.url)("yaml") as typeof import("yaml");
  let value: unknown;
  try {
    value = parse(args.text(at), { maxAliasCount: 0 });
  } catch (thrown) {
    throw args.refusal(`YAML that can be read (${messageOf(thrown)})`);
  }
  if (value === null || value === undefined) return {};
  if (!isRecord(value)) throw args.refusal("a YAML mapping as in {key: [value]}");
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined) throw args.refusal(`no key ${JSON.stringify(unknown)}; there are ${keys.join(", ")}`);
  return value;
}

/** A list of texts under a key; empty when it is not there. */
export function textsIn(args: CallArguments, options: Readonly<Record<string, unknown>>, key: string): readonly string[] {
  const value = options[key] ?? [];
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === "string")) throw args.refusal(`a list of texts as ${key}`);
  return value;
}
