import { memberOf } from "./token-data.ts";

/** One step on the way to a value. */
type Step =
  | { readonly kind: "key"; readonly name: string; readonly isPattern: boolean }
  | { readonly kind: "this" }
  /** The value as the one member of a list. */
  | { readonly kind: "wrapped" }
  | { readonly kind: "each" }
  | { readonly kind: "where"; readonly condition: Condition; readonly isEvery: boolean };

interface Condition {
  readonly path: readonly Step[];
  readonly operator: string;
  readonly value: string;
}

/** A question about data: whether there is something at the end of a path. */
export interface ClaimsQuery {
  holds(data: Readonly<Record<string, unknown>>): boolean;
}

const MODIFIER = "@_:";
const OPERATORS = ["==", "!=", "!%", "<=", ">=", "=", "<", ">", "%"];
const MOST_STEPS = 32;

/**
 * Reads a query in the part of GJSON's syntax that Skipper's pages use: keys with dots between, with `*` and `?`; `#` for each member of a
 * list; `#(key==value)` or `#[…]` for the first that is so, `#(…)#` for all; `@this`, `[@this]`; and Skipper's `@_:key==value`, which asks
 * about the data itself. Throws an Error that says what is wrong.
 */
export function readClaimsQuery(text: string): ClaimsQuery {
  const path = isCondition(text) ? readPath(MODIFIER + text) : readPath(text);
  return { holds: (data) => !valuesAt(path, 0, data).next().done };
}

/** Whether it compares, outside of brackets: Skipper's page has `name%"*One"` without `@_:`. */
function isCondition(text: string): boolean {
  const bare = text.replaceAll(/\\.|"(?:[^"\\]|\\.)*"|\([^)]*\)|\[[^\]]*\]/gs, "");
  return !text.startsWith(MODIFIER) && /[=<>%]/.test(bare);
}

function readPath(text: string): readonly Step[] {
  if (text.startsWith(MODIFIER)) {
    return [{ kind: "wrapped" }, { kind: "where", condition: readCondition(text.slice(MODIFIER.length)), isEvery: false }];
  }
  const steps: Step[] = [];
  for (let at = 0; at <= text.length; at++) {
    const [step, end] = readStep(text, at);
    steps.push(step);
    if (steps.length > MOST_STEPS) throw new Error(`a query has at most ${MOST_STEPS} steps`);
    if (end < text.length && text[end] !== ".") throw new Error(`${JSON.stringify(text.slice(end))} cannot be read`);
    at = end;
    if (end === text.length) break;
  }
  return steps;
}

/** The step that begins at `at`, and where it ends. */
function readStep(text: string, at: number): readonly [Step, number] {
  for (const [written, kind] of [
    ["[@this]", "wrapped"],
    ["@this", "this"],
  ] as const)
    if (text.startsWith(written, at)) return [{ kind }, at + written.length];
  if (text[at] === "#") return readEach(text, at);
  let name = "";
  let isPattern = false;
  let end = at;
  for (; end < text.length && text[end] !== "."; end++) {
    const character = text[end] ?? "";
    if ('@|{}[]()#!"'.includes(character)) throw new Error(`${JSON.stringify(text.slice(at))} is not of the syntax that is known`);
    if (character === "\\") end++;
    if (character === "*" || character === "?") isPattern = true;
    name += text[end] ?? "";
  }
  if (name === "") throw new Error("a key is empty");
  return [{ kind: "key", name, isPattern }, end];
}

function readEach(text: string, at: number): readonly [Step, number] {
  const open = text[at + 1];
  if (open !== "(" && open !== "[") return [{ kind: "each" }, at + 1];
  const close = open === "(" ? ")" : "]";
  let isQuoted = false;
  for (let end = at + 2; end < text.length; end++) {
    if (isQuoted && text[end] === "\\") end++;
    else if (text[end] === '"') isQuoted = !isQuoted;
    else if (text[end] === close && !isQuoted) {
      const isEvery = text[end + 1] === "#";
      return [{ kind: "where", condition: readCondition(text.slice(at + 2, end)), isEvery }, end + (isEvery ? 2 : 1)];
    }
  }
  throw new Error(`${JSON.stringify(text.slice(at))} does not end with ${close}`);
}

function readCondition(text: string): Condition {
  let at = 0;
  while (at < text.length && !OPERATORS.some((operator) => text.startsWith(operator, at))) at += text[at] === "\\" ? 2 : 1;
  const operator = OPERATORS.find((one) => text.startsWith(one, at)) ?? "";
  const path = text.slice(0, at).trim();
  if (path === "" && operator === "") throw new Error("a condition is empty");
  return { path: path === "" ? [] : readPath(path), operator, value: readValue(text.slice(at + operator.length).trim(), operator) };
}

function readValue(text: string, operator: string): string {
  if (operator === "") return "";
  if (/^(?:true|false|-?\d+(?:\.\d+)?)$/.test(text)) return text;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "string") return value;
  } catch {
    // Said below.
  }
  throw new Error(`${JSON.stringify(text)} is no text in quotes, number, true or false`);
}

/** What stands at the end of a path; only what the data itself holds. */
function* valuesAt(path: readonly Step[], at: number, value: unknown): Generator<unknown, void> {
  const step = path[at];
  if (step === undefined) {
    if (value !== undefined) yield value;
    return;
  }
  switch (step.kind) {
    case "this":
      yield* valuesAt(path, at + 1, value);
      return;
    case "wrapped":
      yield* valuesAt(path, at + 1, [value]);
      return;
    case "each":
      if (Array.isArray(value)) for (const member of value) yield* valuesAt(path, at + 1, member);
      return;
    case "where":
      if (!Array.isArray(value)) return;
      for (const member of value) {
        if (!isSo(step.condition, member)) continue;
        yield* valuesAt(path, at + 1, member);
        if (!step.isEvery) return;
      }
      return;
    case "key":
      if (!step.isPattern) yield* valuesAt(path, at + 1, memberOf(value, step.name));
      else if (typeof value === "object" && value !== null)
        for (const [name, member] of Object.entries(value)) if (isLike(name, step.name)) yield* valuesAt(path, at + 1, member);
  }
}

function isSo({ path, operator, value }: Condition, data: unknown): boolean {
  for (const found of valuesAt(path, 0, data)) if (compares(found, operator, value)) return true;
  return false;
}

function compares(found: unknown, operator: string, value: string): boolean {
  if (operator === "") return true;
  if (typeof found === "string") {
    if (operator === "%" || operator === "!%") return isLike(found, value) === (operator === "%");
    return ordered(found, operator, value);
  }
  if (typeof found === "number") return value !== "" && ordered(found, operator, Number(value));
  return typeof found === "boolean" && (operator === "==" || operator === "=") && String(found) === value;
}

function ordered<Value extends string | number>(left: Value, operator: string, right: Value): boolean {
  switch (operator) {
    case "=":
    case "==":
      return left === right;
    case "!=":
      return left !== right;
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
    default:
      return false;
  }
}

/** Whether the whole text is as the pattern: `*` stands for any characters, `?` for one. In time of their lengths multiplied at most. */
function isLike(text: string, pattern: string): boolean {
  let [at, place, star, after] = [0, 0, -1, 0];
  while (at < text.length) {
    if (pattern[place] === "*") {
      star = place++;
      after = at;
    } else if (pattern[place] === "?" || pattern[place] === text[at]) {
      at++;
      place++;
    } else if (star >= 0) {
      place = star + 1;
      at = ++after;
    } else return false;
  }
  while (pattern[place] === "*") place++;
  return place === pattern.length;
}
