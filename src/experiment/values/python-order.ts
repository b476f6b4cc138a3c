import { type Json, isList, isObject } from "../document/json.ts";

/** What Python would raise: it is no answer, and ends a run of Chaos Toolkit's. */
export class PythonTypeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "TypeError";
  }
}

/** Python's `==`: true is 1 and false is 0; lists and objects by what is in them. */
export function isEqual(one: Json, other: Json): boolean {
  if (isList(one)) return isList(other) && one.length === other.length && one.every((item, at) => isEqual(item, other[at] ?? null));
  if (isObject(one)) {
    const names = Object.keys(one);
    return (
      isObject(other) &&
      names.length === Object.keys(other).length &&
      names.every((name) => Object.hasOwn(other, name) && isEqual(one[name] ?? null, other[name] ?? null))
    );
  }
  return asNumber(one) === asNumber(other);
}

/** Python's `<=`. Throws {@link PythonTypeError} for what cannot be compared. */
export function isAtMost(one: Json, other: Json): boolean {
  const left = asNumber(one);
  const right = asNumber(other);
  if (typeof left === "number" && typeof right === "number") return left <= right;
  if (typeof left === "string" && typeof right === "string") return left <= right;
  throw new PythonTypeError(`'<=' not supported between instances of '${typeName(one)}' and '${typeName(other)}'`);
}

function asNumber(value: Json): Json {
  return typeof value === "boolean" ? Number(value) : value;
}

/** The name of Python's type for a value. */
export function typeName(value: Json): string {
  if (value === null) return "NoneType";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  if (typeof value === "string") return "str";
  return isList(value) ? "list" : "dict";
}
