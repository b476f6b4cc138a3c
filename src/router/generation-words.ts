import { AppError, isRecord } from "../kernel/index.ts";
import type { Backend, Call, Endpoint, Pool, RouteDefinition } from "../route/index.ts";

/** An id as it begins a line: printable ASCII, whatever it is made of. */
export function keyOf(id: string): string {
  return jsonOf(id).slice(1, -1);
}

/** The id of a {@link keyOf}. */
export function idOf(key: string): unknown {
  return parseJson(`"${key}"`);
}

/** JSON in ASCII alone: text with one other letter takes a process twice the memory. */
export function jsonOf(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[\u0080-\uffff]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Throws AppError `ROUTER_SNAPSHOT_CORRUPT`. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw corrupt("a line of its body is not JSON", error);
  }
}

export function corrupt(what: string, cause?: unknown): AppError {
  return new AppError("ROUTER_SNAPSHOT_CORRUPT", what, { cause });
}

/** The route of a line `id TAB hosts TAB json`, without its end. Throws AppError `ROUTER_SNAPSHOT_CORRUPT` when it is something else. */
export function readRouteLine(line: string): RouteDefinition {
  const idEnd = line.indexOf("\t");
  return readRoute(idOf(line.slice(0, idEnd)), parseJson(line.slice(line.indexOf("\t", idEnd + 1) + 1)));
}

/** Of `[[predicate, argument…]…], [[filter, argument…]…], backend`. */
function readRoute(id: unknown, value: unknown): RouteDefinition {
  const [written, writtenFilters, backend, ...more]: readonly unknown[] = Array.isArray(value) ? value : [];
  const [predicates, filters] = [readCalls(written), readCalls(writtenFilters)];
  if (typeof id !== "string" || predicates === undefined || filters === undefined || !isBackend(backend) || more.length > 0)
    throw corrupt("a route in it is malformed");
  return { id, predicates, filters, backend };
}

function readCalls(value: unknown): readonly Call[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const calls: Call[] = [];
  for (const written of value as readonly unknown[]) {
    if (!Array.isArray(written) || !written.every((word) => typeof word === "string" || typeof word === "number")) return undefined;
    const [name, ...args] = written;
    if (typeof name !== "string") return undefined;
    calls.push({ name, args });
  }
  return calls;
}

function isBackend(value: unknown): value is Backend {
  if (!isRecord(value)) return false;
  switch (value["type"]) {
    case "network":
      return typeof value["address"] === "string";
    case "pool":
      return typeof value["pool"] === "string" && typeof value["algorithm"] === "string";
    case "loadBalanced":
      return (
        typeof value["algorithm"] === "string" &&
        Array.isArray(value["endpoints"]) &&
        value["endpoints"].every((address) => typeof address === "string")
      );
    case "shunt":
    case "loopback":
    case "dynamic":
    case "forward":
      return true;
    default:
      return false;
  }
}

/** The pool with these endpoints. Throws as {@link readRouteLine}. */
export function readPool(id: unknown, endpoints: unknown): Pool {
  const pool: unknown = { id, endpoints };
  if (!isPool(pool)) throw corrupt("a pool in it is malformed");
  return pool;
}

/** A list of pools as it arrives from outside the process; throws AppError `ROUTER_SNAPSHOT_CORRUPT` when it is something else. */
export function checkPools(value: unknown): readonly Pool[] {
  if (!Array.isArray(value) || !value.every(isPool)) throw corrupt("it is not a list of pools");
  return value;
}

function isPool(value: unknown): value is Pool {
  return isRecord(value) && typeof value["id"] === "string" && Array.isArray(value["endpoints"]) && value["endpoints"].every(isEndpoint);
}

function isEndpoint(value: unknown): value is Endpoint {
  return (
    isRecord(value) &&
    typeof value["address"] === "string" &&
    (value["tier"] === "fresh" || value["tier"] === "withdrawn") &&
    (value["zone"] === undefined || typeof value["zone"] === "string")
  );
}
