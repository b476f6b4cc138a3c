import { assertNever } from "../kernel/index.ts";
import type { Argument, Backend, Call, Pool, RouteDefinition, RouteSet } from "./definition.ts";
import { Lexer } from "./eskip-lexer.ts";

const WIDTH = 120;
/** Their first or second argument is read as an expression, and more easily so between slashes. */
const EXPRESSIONS = new Set(["Host", "PathRegexp", "HeaderRegexp", "Cookie", "modPath"]);

/** Canonical eskip: routes in the order given, one line each where it fits, else a line per filter. Ends with a newline unless empty. */
export function printEskip(routes: readonly RouteDefinition[]): string {
  return routes.map((route) => `${printRoute(route)}\n`).join("");
}

function printRoute(route: RouteDefinition): string {
  const predicates = route.predicates.length === 0 ? ["*"] : route.predicates.map(printCall);
  const steps = [...route.filters.map(printCall), printBackend(route.backend)];
  const line = `${route.id}: ${predicates.join(" && ")} -> ${steps.join(" -> ")};`;
  if (line.length <= WIDTH && !line.includes("\n")) return line;
  return `${route.id}: ${predicates.join("\n  && ")}\n  -> ${steps.join("\n  -> ")};`;
}

function printCall(call: Call): string {
  const args = call.args.map((value) => (EXPRESSIONS.has(call.name) ? printExpression(value) : printArgument(value)));
  return `${call.name}(${args.join(", ")})`;
}

function printArgument(value: Argument): string {
  return typeof value === "number" ? printNumber(value) : printString(value);
}

/** Between slashes if there is something a string would have to escape and it reads back as it was. */
function printExpression(value: Argument): string {
  if (typeof value === "number" || !/[\\^$[(*]/.test(value)) return printArgument(value);
  const text = `/${value.replaceAll("/", "\\/")}/`;
  const lexer = new Lexer(text);
  const token = lexer.next();
  return token.kind === "string" && token.text === value && lexer.next().kind === "end" ? text : printString(value);
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  '"': '\\"',
  "\\": "\\\\",
};

function printString(value: string): string {
  return `"${value.replaceAll(/[\x07-\r"\\]/g, (character) => ESCAPES[character] ?? character)}"`;
}

/** eskip has no exponents. */
function printNumber(value: number): string {
  const text = String(value);
  const [, sign = "", whole = "", fraction = "", exponent] = /^(-?)([0-9]+)(?:\.([0-9]+))?e([+-][0-9]+)$/.exec(text) ?? [];
  if (exponent === undefined) return text;
  const shift = Number(exponent);
  const digits = whole + fraction;
  if (shift > 0) return sign + digits.padEnd(whole.length + shift, "0");
  return `${sign}0.${"0".repeat(-shift - whole.length)}${digits}`;
}

function printBackend(backend: Backend): string {
  switch (backend.type) {
    case "network":
      return printString(backend.address);
    case "loadBalanced":
      return `<${backend.algorithm}, ${backend.endpoints.map(printString).join(", ")}>`;
    case "pool":
      throw new TypeError(`pool ${backend.pool} is not eskip; call inlinePools first`);
    case "shunt":
    case "loopback":
    case "dynamic":
    case "forward":
      return `<${backend.type}>`;
    default:
      return assertNever(backend);
  }
}

/**
 * The routes with the endpoints of their pools written into them, for reading and for eskip, which knows no pools: one
 * endpoint becomes an address, several a load-balanced back end, none a `<shunt>` with the filters of `whenEmpty` (503 when left out).
 * Withdrawn endpoints stand in only where no fresh one is.
 */
export function inlinePools(
  routeSet: RouteSet,
  whenEmpty: (route: RouteDefinition) => readonly Call[] = () => [{ name: "status", args: [503] }],
): readonly RouteDefinition[] {
  const pools = new Map(routeSet.pools.map((pool) => [pool.id, pool]));
  return routeSet.routes.map((route) => {
    const { backend } = route;
    if (backend.type !== "pool") return route;
    const inlined = inlinePool(backend, pools.get(backend.pool));
    return inlined.type === "shunt" ? { ...route, filters: whenEmpty(route), backend: inlined } : { ...route, backend: inlined };
  });
}

function inlinePool(backend: Extract<Backend, { type: "pool" }>, pool: Pool | undefined): Backend {
  const all = pool?.endpoints ?? [];
  const fresh = all.filter((endpoint) => endpoint.tier === "fresh");
  const endpoints = (fresh.length > 0 ? fresh : all).map((endpoint) => endpoint.address);
  const [first] = endpoints;
  if (first === undefined) return { type: "shunt" };
  return endpoints.length === 1 ? { type: "network", address: first } : { type: "loadBalanced", algorithm: backend.algorithm, endpoints };
}
