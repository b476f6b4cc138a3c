import { AppError } from "../kernel/index.ts";
import { type Parameter, shapeOf } from "./call-documentation.ts";
import type { Argument } from "./definition.ts";
import { type LinearRegexp, compileRegexp } from "./regexp.ts";

/** The error of a predicate or filter that was given the wrong arguments; `expected` reads like `(name, value)`. */
export function argumentError(expected: string, got: readonly Argument[]): AppError {
  return new AppError("ROUTE_ARGUMENT", `expected ${expected}, got (${got.map(shown).join(", ")})`);
}

function shown(value: Argument): string {
  const text = typeof value === "number" ? String(value) : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** The arguments of one call, checked against its parameters: as many as there must be, and numbers where numbers must be. */
export class CallArguments {
  readonly #parameters: readonly Parameter[];
  readonly #args: readonly Argument[];

  /** Throws AppError `ROUTE_ARGUMENT`. */
  constructor(parameters: readonly Parameter[], args: readonly Argument[]) {
    this.#parameters = parameters;
    this.#args = args;
    if (!hasRightCount(parameters, args.length)) throw argumentError(shapeOf(parameters), args);
    for (let at = 0; at < args.length; at++) if (this.#parameterOf(at)?.type === "number") this.number(at);
  }

  get length(): number {
    return this.#args.length;
  }

  /** The argument as a text; a number counts as its text, as it does for Skipper's header values. */
  text(at: number): string {
    return String(this.#args[at] ?? "");
  }

  /** Undefined when it was left out. */
  optionalText(at: number): string | undefined {
    const value = this.#args[at];
    return value === undefined ? undefined : String(value);
  }

  /** All from this one on. */
  texts(from = 0): readonly string[] {
    return this.#args.slice(from).map(String);
  }

  raw(at: number): Argument | undefined {
    return this.#args[at];
  }

  /** A number in the range of its parameter; a text of digits counts as one. */
  number(at: number): number {
    const value = this.#args[at];
    const number = typeof value === "string" && /^[0-9]{1,9}$/.test(value) ? Number(value) : value;
    const parameter = this.#parameterOf(at);
    const [least, most] = parameter?.range ?? [-Infinity, Infinity];
    if (typeof number === "number" && number >= least && number <= most) return number;
    throw this.refusal(`${parameter?.name ?? "a number"} ${bounds(least, most)}`);
  }

  /** Throws AppError `ROUTE_REGEXP`. */
  expression(at: number): LinearRegexp {
    return compileRegexp(this.text(at));
  }

  /** The error of arguments that are of the right kind and wrong all the same; `requirement` reads like `a name of letters`. */
  refusal(requirement: string): AppError {
    return argumentError(`${shapeOf(this.#parameters)} with ${requirement}`, this.#args);
  }

  /** Behind the last parameter those of the repeated group start again. */
  #parameterOf(at: number): Parameter | undefined {
    const known = this.#parameters[at];
    if (known !== undefined) return known;
    const group = repeatedGroup(this.#parameters);
    return group[(at - this.#parameters.length) % Math.max(1, group.length)];
  }
}

function bounds(least: number, most: number): string {
  if (most === Infinity) return least === -Infinity ? "a number" : `at least ${least}`;
  return `between ${least} and ${most}`;
}

function repeatedGroup(parameters: readonly Parameter[]): readonly Parameter[] {
  return parameters.filter(({ occurs }) => occurs === "repeated" || occurs === "any");
}

function hasRightCount(parameters: readonly Parameter[], count: number): boolean {
  const required = parameters.filter(({ occurs }) => occurs === undefined).length;
  const optional = parameters.filter(({ occurs }) => occurs === "optional").length;
  const group = repeatedGroup(parameters);
  const rest = count - required;
  if (group.length === 0) return rest >= 0 && rest <= optional;
  return rest % group.length === 0 && rest >= (group[0]?.occurs === "any" ? 0 : group.length);
}
