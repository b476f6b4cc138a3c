import { AppError, messageOf } from "../kernel/index.ts";
import type { Filter, FilterSpec, MatchInput, Predicate, PredicateSpec } from "../route/index.ts";
import { getHeader } from "../route/index.ts";
import { ContextExchange } from "./exchange.ts";
import type { PluginArgument, PluginFilterSides, PluginRequest } from "./interface.ts";

/** A filter or predicate as a file gives it: nobody has checked yet what `create` returns. */
export interface Creating {
  readonly name: string;
  create(args: readonly PluginArgument[]): unknown;
}

/** Hears of what a predicate has thrown. */
export type OnPredicateFailure = (predicate: string, thrown: unknown) => void;

/** A plugin's filter as the table takes it. `plugin` names it in messages. */
export function filterSpec(plugin: string, filter: Creating): FilterSpec {
  return {
    name: filter.name,
    create(args) {
      const sides = made(plugin, () => filter.create(args));
      if (!hasSides(sides)) throw argumentProblem(plugin, "create() must return an object with a function request or response, or both");
      return filterOf(plugin, sides);
    },
  };
}

/** A plugin's predicate as the table takes it. */
export function predicateSpec(plugin: string, predicate: Creating, onFailure: OnPredicateFailure): PredicateSpec {
  const { name } = predicate;
  return {
    name,
    create(args) {
      const matches = made(plugin, () => predicate.create(args));
      if (typeof matches !== "function") throw argumentProblem(plugin, "create() must return a function");
      return predicateOf(matches as (request: PluginRequest) => unknown, (thrown) => onFailure(name, thrown));
    },
  };
}

function filterOf(plugin: string, sides: PluginFilterSides): Filter {
  const run = (side: "request" | "response"): NonNullable<Filter["request"]> => {
    return (context) => waited(sides[side]?.(new ContextExchange(context, plugin)));
  };
  return {
    ...(sides.request === undefined ? {} : { request: run("request") }),
    ...(sides.response === undefined ? {} : { response: run("response") }),
  };
}

/** JavaScript returns what it likes; only what can be waited for is waited for. */
function waited(value: unknown): void | Promise<void> {
  if (typeof value !== "object" || value === null || !("then" in value) || typeof value.then !== "function") return undefined;
  return Promise.resolve(value as PromiseLike<void>);
}

function predicateOf(matches: (request: PluginRequest) => unknown, onFailure: (thrown: unknown) => void): Predicate {
  return {
    matches(input) {
      try {
        return matches(new InputRequest(input)) === true;
      } catch (thrown) {
        onFailure(thrown);
        return false;
      }
    },
  };
}

class InputRequest implements PluginRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly host: string;
  readonly clientAddress: string;
  readonly #headers: readonly string[];

  constructor(input: MatchInput) {
    this.method = input.method;
    this.path = input.matchPath;
    this.query = input.query;
    this.host = input.host;
    this.clientAddress = input.clientAddress;
    this.#headers = input.requestHeaders;
  }

  header(name: string): string | undefined {
    return getHeader(this.#headers, name);
  }
}

function made<Value>(plugin: string, make: () => Value): Value {
  try {
    return make();
  } catch (thrown) {
    throw argumentProblem(plugin, messageOf(thrown));
  }
}

function hasSides(value: unknown): value is PluginFilterSides {
  if (typeof value !== "object" || value === null) return false;
  const { request, response } = value as Record<string, unknown>;
  const isSide = (side: unknown): boolean => side === undefined || typeof side === "function";
  return isSide(request) && isSide(response) && (request !== undefined || response !== undefined);
}

function argumentProblem(plugin: string, message: string): AppError {
  return new AppError("ROUTE_ARGUMENT", `${message} (plugin ${plugin})`);
}
