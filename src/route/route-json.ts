import { AppError } from "../kernel/index.ts";
import { ALGORITHMS, type Argument, type Backend, type Call, type RouteDefinition } from "./definition.ts";

/**
 * Checks routes that came from outside (a snapshot, a file, another process) and returns them. Throws AppError
 * `ROUTE_JSON` that names the place, as in `routes[3].filters[0].args`.
 */
export function readRoutesJson(value: unknown, where = "routes"): readonly RouteDefinition[] {
  const ids = new Set<string>();
  return list(value, where).map((item, at) => {
    const place = `${where}[${at}]`;
    const route = object(item, place);
    const id = text(route["id"], `${place}.id`);
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(id)) throw refusal(`${place}.id`, "letters, digits and underscores, not a digit first");
    if (ids.has(id)) throw refusal(`${place}.id`, `an id of its own ("${id}" stands twice)`);
    ids.add(id);
    return {
      id,
      predicates: calls(route["predicates"], `${place}.predicates`),
      filters: calls(route["filters"], `${place}.filters`),
      backend: readBackend(route["backend"], `${place}.backend`),
    };
  });
}

function calls(value: unknown, where: string): readonly Call[] {
  return list(value, where).map((item, at) => {
    const call = object(item, `${where}[${at}]`);
    const args = list(call["args"], `${where}[${at}].args`).map((arg, position) => argument(arg, `${where}[${at}].args[${position}]`));
    const name = text(call["name"], `${where}[${at}].name`);
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw refusal(`${where}[${at}].name`, "letters, digits and underscores, not a digit first");
    return { name, args };
  });
}

function argument(value: unknown, where: string): Argument {
  if (typeof value === "string" || (typeof value === "number" && Number.isFinite(value))) return value;
  throw refusal(where, "a string or a number");
}

function readBackend(value: unknown, where: string): Backend {
  const backend = object(value, where);
  switch (backend["type"]) {
    case "network":
      return { type: "network", address: text(backend["address"], `${where}.address`) };
    case "loadBalanced": {
      const endpoints = list(backend["endpoints"], `${where}.endpoints`).map((item, at) => text(item, `${where}.endpoints[${at}]`));
      return { type: "loadBalanced", algorithm: readAlgorithm(backend["algorithm"], where), endpoints };
    }
    case "pool":
      return { type: "pool", pool: text(backend["pool"], `${where}.pool`), algorithm: readAlgorithm(backend["algorithm"], where) };
    case "shunt":
    case "loopback":
    case "dynamic":
    case "forward":
      return { type: backend["type"] };
    default:
      throw refusal(`${where}.type`, "network, loadBalanced, pool, shunt, loopback, dynamic or forward");
  }
}

function readAlgorithm(value: unknown, where: string): (typeof ALGORITHMS)[number] {
  const known = ALGORITHMS.find((name) => name === value);
  if (known === undefined) throw refusal(`${where}.algorithm`, `one of ${ALGORITHMS.join(", ")}`);
  return known;
}

function list(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw refusal(where, "a list");
  return value;
}

function object(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refusal(where, "an object");
  return value as Readonly<Record<string, unknown>>;
}

function text(value: unknown, where: string): string {
  if (typeof value !== "string") throw refusal(where, "a string");
  return value;
}

function refusal(where: string, expected: string): AppError {
  return new AppError("ROUTE_JSON", `${where}: expected ${expected}`);
}
