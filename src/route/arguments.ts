import { AppError } from "../kernel/index.ts";
import type { Argument } from "./definition.ts";

/** The error of a predicate or filter that was given the wrong arguments; `expected` reads like `(name, value)`. */
export function argumentError(expected: string, got: readonly Argument[]): AppError {
  return new AppError("ROUTE_ARGUMENT", `expected ${expected}, got (${got.map(shown).join(", ")})`);
}

function shown(value: Argument): string {
  const text = typeof value === "number" ? String(value) : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** Exactly `count` strings, else `argumentError`. A number counts as its text, as it does for Skipper's header values. */
export function stringArguments(args: readonly Argument[], count: number, expected: string): readonly string[] {
  if (args.length !== count) throw argumentError(expected, args);
  return args.map(String);
}

/** The argument at `index` as a number in [least, most], else `argumentError`. */
export function numberArgument(args: readonly Argument[], index: number, range: readonly [number, number], expected: string): number {
  const value = args[index];
  const number = typeof value === "string" && /^[0-9]{1,9}$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !(number >= range[0] && number <= range[1])) throw argumentError(expected, args);
  return number;
}
