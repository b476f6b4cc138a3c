import { type Json, type JsonObject, clone, deepEqual, isObject, textOf } from "./json.ts";
import { StatusError, badRequest } from "./status.ts";

/** How many operations a patch may have (kube-apiserver's limit). */
const OPERATIONS_LIMIT = 10_000;

/** Applies a JSON Patch (RFC 6902); `document` is changed. Throws 400 for what is not a patch, 422 where it does not fit. */
export function applyJsonPatch(document: Json, patch: Json): Json {
  if (!Array.isArray(patch)) throw badRequest("a JSON Patch is an array of operations");
  if (patch.length > OPERATIONS_LIMIT)
    throw badRequest(`a JSON Patch may have ${OPERATIONS_LIMIT} operations, this one has ${patch.length}`);
  // The document hangs in a holder, so that an operation on the whole of it is like any other.
  const holder: JsonObject = { root: document };
  for (const [at, operation] of patch.entries()) {
    if (!isObject(operation)) throw badRequest(`operation ${at} of the JSON Patch is not an object`);
    applyOperation(holder, operation, at);
  }
  return holder["root"] ?? null;
}

function applyOperation(holder: JsonObject, operation: JsonObject, at: number): void {
  const { op, path, from, value } = operation;
  const steps = pointer(path, at);
  switch (textOf(op)) {
    case "add":
      add(holder, steps, clone(needed(value, at)), at);
      return;
    case "remove":
      take(holder, steps, at);
      return;
    case "replace":
      take(holder, steps, at);
      add(holder, steps, clone(needed(value, at)), at);
      return;
    case "move":
      add(holder, steps, take(holder, pointer(from, at), at), at);
      return;
    case "copy":
      add(holder, steps, clone(read(holder, pointer(from, at), at)), at);
      return;
    case "test":
      if (!deepEqual(read(holder, steps, at), value)) throw misfit(`operation ${at}: test of ${textOf(path)} failed`);
      return;
    default:
      throw badRequest(`operation ${at} of the JSON Patch has op ${JSON.stringify(op)}; there are add, remove, replace, move, copy, test`);
  }
}

function needed(value: Json | undefined, at: number): Json {
  if (value === undefined) throw badRequest(`operation ${at} of the JSON Patch has no value`);
  return value;
}

function misfit(message: string): StatusError {
  return new StatusError(422, "Invalid", `the server rejected our request due to an error in our request: ${message}`, {});
}

/** Steps of a JSON Pointer (RFC 6901), below the holder. */
function pointer(path: Json | undefined, at: number): string[] {
  if (typeof path !== "string" || (path !== "" && !path.startsWith("/")))
    throw badRequest(`operation ${at} of the JSON Patch has no JSON Pointer for a path: ${JSON.stringify(path)}`);
  const steps = path
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (steps.includes("__proto__")) throw badRequest(`operation ${at} of the JSON Patch names __proto__`);
  return ["root", ...steps];
}

function read(holder: JsonObject, steps: readonly string[], at: number): Json {
  let value: Json | undefined = holder;
  for (const step of steps) {
    value = Array.isArray(value)
      ? value[index(step, value.length - 1, at)]
      : isObject(value) && Object.hasOwn(value, step)
        ? value[step]
        : undefined;
    if (value === undefined) throw misfit(`operation ${at}: there is nothing at /${steps.slice(1).join("/")}`);
  }
  return value;
}

function parentOf(holder: JsonObject, steps: readonly string[], at: number): { parent: Json[] | JsonObject; last: string } {
  const parent = read(holder, steps.slice(0, -1), at);
  if (!Array.isArray(parent) && !isObject(parent)) throw misfit(`operation ${at}: /${steps.slice(1, -1).join("/")} has no members`);
  return { parent, last: steps.at(-1) ?? "" };
}

function add(holder: JsonObject, steps: readonly string[], value: Json, at: number): void {
  const { parent, last } = parentOf(holder, steps, at);
  if (Array.isArray(parent)) parent.splice(last === "-" ? parent.length : index(last, parent.length, at), 0, value);
  else parent[last] = value;
}

function take(holder: JsonObject, steps: readonly string[], at: number): Json {
  const value = read(holder, steps, at);
  const { parent, last } = parentOf(holder, steps, at);
  if (Array.isArray(parent)) parent.splice(index(last, parent.length - 1, at), 1);
  else delete parent[last];
  return value;
}

function index(step: string, highest: number, at: number): number {
  const value = /^(0|[1-9]\d*)$/.test(step) ? Number(step) : -1;
  if (value < 0 || value > highest) throw misfit(`operation ${at}: there is no element ${step}`);
  return value;
}
