import type { Argument } from "./definition.ts";

/**
 * What an argument may be. `text` also takes a number, as its text; `template` is a text with `${…}` placeholders; `expression` is a
 * regular expression in RE2 syntax; `time` is an RFC 3339 text or a number of seconds since 1970; `duration` is a text as in `1m30s` or
 * `150ms`, or a number of milliseconds.
 */
export type ParameterType = "text" | "template" | "expression" | "number" | "time" | "duration";

/** One argument of a predicate or filter. */
export interface Parameter {
  readonly name: string;
  readonly type: ParameterType;
  /** What it is for, as the end of a sentence. */
  readonly what: string;
  /**
   * Left out: once. `repeated` and `any` stand on the last parameters only: together they are a group that comes once or more
   * (`any`: also never).
   */
  readonly occurs?: "optional" | "repeated" | "any";
  /** Of a number, or of the milliseconds of a duration: the least and the most it may be. */
  readonly range?: readonly [least: number, most: number];
  /**
   * It is left out where routes are shown and in messages: `always`, or when the first argument names what carries credentials, as
   * Authorization does; of a URL only the query.
   */
  readonly isSecret?: "always" | "by name" | "query";
}

/** What the reference says of a predicate or filter; docs/reference/predicates.md and filters.md are made of it. */
export interface CallDocumentation {
  /** The heading it stands under. */
  readonly family: string;
  /** One line. Of a predicate: which requests it matches. Of a filter: what it does. */
  readonly does: string;
  readonly parameters: readonly Parameter[];
  /** Where its meaning is laid down. */
  readonly source: string;
  /** Where it does not do what the source says, and why. */
  readonly deviations?: readonly string[];
}

/** How it is called, as in `(name, value[, index])`. */
export function shapeOf(parameters: readonly Parameter[]): string {
  const required = parameters.filter(({ occurs }) => occurs === undefined).map(({ name }) => name);
  const group = parameters.filter(({ occurs }) => occurs === "repeated").map(({ name }) => name);
  let shape = [...required, ...group].join(", ");
  for (const { name, occurs } of parameters) if (occurs === "optional") shape += shape === "" ? `[${name}]` : `[, ${name}]`;
  const any = parameters.filter(({ occurs }) => occurs === "any").map(({ name }) => name);
  if (any.length > 0) shape += shape === "" ? `[${any.join(", ")}, …]` : `[, ${any.join(", ")}, …]`;
  return `(${shape}${group.length > 0 ? ", …" : ""})`;
}

/** Names of fields and the like that carry what lets somebody in. */
const CREDENTIALS = /^(?:proxy-)?authorization$|^(?:set-)?cookie$|token|secret|session|passw|api-?key|credential/i;
/** Whether fields, query parameters and the like of this name usually carry what lets somebody in. */
export function isCredential(name: string): boolean {
  return CREDENTIALS.test(name);
}

/** The path of a file that holds a secret is none. */
const REFERENCE = /^secretRef:/;

/** Whether whoever sees the argument can do what the router does. `first` is the first argument of the call. */
export function isSecret({ isSecret: how }: Parameter, value: Argument, first: Argument | undefined): boolean {
  if (how === undefined || value === "" || REFERENCE.test(String(value))) return false;
  if (how === "query") return String(value).includes("?");
  return how === "always" || CREDENTIALS.test(String(first));
}

/** What is shown in place of a secret. */
const MASK = "***";

/** The argument as it may be shown. */
export function withoutSecret(parameter: Parameter, value: Argument, first: Argument | undefined): Argument {
  if (!isSecret(parameter, value, first)) return value;
  return parameter.isSecret === "query" ? withoutQuery(String(value)) : MASK;
}

/** A URL as it may be shown: what stands in a query is often a key. */
export function withoutQuery(url: string): string {
  const at = url.indexOf("?");
  return at < 0 ? url : `${url.slice(0, at + 1)}${MASK}`;
}
