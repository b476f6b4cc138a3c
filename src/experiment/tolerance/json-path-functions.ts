import { type Json, isList, isObject } from "../document/json.ts";
import type { Step } from "./json-path-steps.ts";

/** The functions of jsonpath2; undefined when there is none of that name. */
export function functionStep(name: string, args: readonly Step[]): Step | undefined {
  const call = FUNCTIONS[name];
  if (call === undefined) return undefined;
  return (root, current) => combinations(args.map((arg) => arg(root, current))).flatMap((values) => call(current, values));
}

type Function = (value: Json, args: readonly Json[]) => readonly Json[];

const FUNCTIONS: Readonly<Record<string, Function>> = {
  length: (value, args) => (args.length === 0 && (typeof value === "string" || isList(value)) ? [value.length] : []),
  keys: (value, args) => (args.length > 0 ? [] : isList(value) ? [[...value.keys()]] : isObject(value) ? [Object.keys(value)] : []),
  values: (value, args) =>
    args.length > 0 ? [] : isList(value) ? [value] : isObject(value) ? [Object.values(value).map((one) => one ?? null)] : [],
  entries(value, args) {
    if (args.length > 0) return [];
    if (isList(value)) return [value.map((one, at) => [at, one])];
    return isObject(value) ? [Object.entries(value).map(([name, one]) => [name, one ?? null])] : [];
  },
  charAt(value, [at, ...more]) {
    if (typeof value !== "string" || typeof at !== "number" || more.length > 0) return [];
    const char = Array.from(value).at(at);
    return char === undefined ? [] : [char];
  },
  substring(value, [from, to, ...more]) {
    if (typeof value !== "string" || typeof from !== "number" || more.length > 0) return [];
    return to === undefined ? [value.slice(from)] : typeof to === "number" ? [value.slice(from, to)] : [];
  },
};

function combinations(lists: readonly (readonly Json[])[]): readonly (readonly Json[])[] {
  return lists.reduce<readonly (readonly Json[])[]>((found, list) => found.flatMap((one) => list.map((value) => [...one, value])), [[]]);
}
