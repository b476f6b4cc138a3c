import { AppError } from "../kernel/index.ts";
import { type Parameter, isSecret, shapeOf } from "./call-documentation.ts";
import type { Argument } from "./definition.ts";
import { readDuration } from "./duration.ts";
import { type LinearRegexp, compileRegexp } from "./regexp.ts";

/** The error of a predicate or filter that was given the wrong arguments; `expected` reads like `(name, value)`. Secrets are not shown. */
export function argumentError(expected: string, got: readonly Argument[], parameters: readonly Parameter[] = []): AppError {
  const hasSecrets = parameters.some((parameter) => got.some((value) => isSecret(parameter, value, got[0])));
  const given = hasSecrets ? `${got.length} arguments, among them secrets` : got.map(shown).join(", ");
  return new AppError("ROUTE_ARGUMENT", `expected ${expected}, got (${given})`);
}

function shown(value: Argument): string {
  const text = typeof value === "number" ? String(value) : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** How a predicate or filter is called, worked out once for all its calls. */
export class Signature {
  readonly shape: string;
  readonly parameters: readonly Parameter[];
  readonly #required: number;
  readonly #optional: number;
  readonly #group: readonly Parameter[];

  constructor(parameters: readonly Parameter[]) {
    this.shape = shapeOf(parameters);
    this.parameters = parameters;
    this.#required = parameters.filter(({ occurs }) => occurs === undefined).length;
    this.#optional = parameters.filter(({ occurs }) => occurs === "optional").length;
    this.#group = parameters.filter(({ occurs }) => occurs === "repeated" || occurs === "any");
  }

  takes(count: number): boolean {
    const rest = count - this.#required;
    const group = this.#group.length;
    if (group === 0) return rest >= 0 && rest <= this.#optional;
    return rest % group === 0 && rest >= (this.#group[0]?.occurs === "any" ? 0 : group);
  }

  /** The parameter of the argument at this place; behind the last one those of the group start again. */
  at(index: number): Parameter | undefined {
    return this.parameters[index] ?? this.#group[(index - this.parameters.length) % Math.max(1, this.#group.length)];
  }
}

/** The arguments of one call, checked against its signature: as many as there must be, and numbers and durations where they must be. */
export class CallArguments {
  readonly #signature: Signature;
  readonly #args: readonly Argument[];

  /** Throws AppError `ROUTE_ARGUMENT`. */
  constructor(signature: Signature, args: readonly Argument[]) {
    this.#signature = signature;
    this.#args = args;
    if (!signature.takes(args.length)) throw argumentError(signature.shape, args, signature.parameters);
    for (let at = 0; at < args.length; at++) {
      const type = signature.at(at)?.type;
      if (type === "number") this.number(at);
      else if (type === "duration") this.duration(at);
    }
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
    const parameter = this.#signature.at(at);
    const [least, most] = parameter?.range ?? [-Infinity, Infinity];
    if (typeof number === "number" && number >= least && number <= most) return number;
    throw this.refusal(`${parameter?.name ?? "a number"} ${bounds(least, most)}`);
  }

  /** Milliseconds of a duration in the range of its parameter. */
  duration(at: number): number {
    const ms = readDuration(this.#args[at] ?? "");
    const parameter = this.#signature.at(at);
    const [least, most] = parameter?.range ?? [0, Infinity];
    if (ms !== undefined && ms >= least && ms <= most) return ms;
    throw this.refusal(`${parameter?.name ?? "a duration"} as in "1m30s" or "150ms", ${bounds(least, most)} in milliseconds`);
  }

  /** Throws AppError `ROUTE_REGEXP`. */
  expression(at: number): LinearRegexp {
    return compileRegexp(this.text(at));
  }

  /** The error of arguments that are of the right kind and wrong all the same; `requirement` reads like `a name of letters`. */
  refusal(requirement: string): AppError {
    return argumentError(`${this.#signature.shape} with ${requirement}`, this.#args, this.#signature.parameters);
  }
}

function bounds(least: number, most: number): string {
  if (most === Infinity) return least === -Infinity ? "a number" : `at least ${least}`;
  return `between ${least} and ${most}`;
}
