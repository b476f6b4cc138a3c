import { assertNever } from "../../kernel/index.ts";
import { type Json, isObject } from "./json.ts";

type Step =
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "all" }
  | { readonly kind: "filter"; readonly path: readonly Step[]; readonly isEqual: boolean; readonly value: Json };

/** A compiled JSONPath: all values that it finds. */
export type JsonPath = (root: Json) => Json[];

const STEP =
  /^(?:\.?([A-Za-z0-9_$/-]+(?:\\\.[A-Za-z0-9_$/-]+)*)|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]|\[(-?\d+)\]|(\[\*\]|\.\*)|\[\?\(@([^()=!]*?)\s*(==|!=)\s*(?:"([^"]*)"|'([^']*)'|(true|false|-?\d+(?:\.\d+)?))\)\])/;

/**
 * Compiles the part of JSONPath that printer columns use (page "JSONPath Support"): fields, `['field']`, `[n]`, `[*]`
 * and `[?(@.field=="value")]`. Undefined for anything else.
 */
export function compileJsonPath(text: string): JsonPath | undefined {
  const steps = parse(text.replace(/^\{(.*)\}$/s, "$1").replace(/^\$/, ""));
  return steps === undefined ? undefined : (root) => evaluate([root], steps);
}

function parse(text: string): Step[] | undefined {
  const steps: Step[] = [];
  let rest = text;
  while (rest !== "") {
    const match = STEP.exec(rest);
    if (match === null) return undefined;
    const [whole, name, single, double, index, all, filter, operator, doubleValue, singleValue, bare] = match;
    const key = name?.replaceAll("\\.", ".") ?? single?.replaceAll(/\\(.)/g, "$1") ?? double?.replaceAll(/\\(.)/g, "$1");
    if (all !== undefined) steps.push({ kind: "all" });
    else if (key !== undefined) steps.push({ kind: "key", key });
    else if (index !== undefined) steps.push({ kind: "index", index: Number(index) });
    else {
      const path = parse(filter ?? "");
      if (path === undefined) return undefined;
      steps.push({
        kind: "filter",
        path,
        isEqual: operator === "==",
        value: doubleValue ?? singleValue ?? (JSON.parse(bare ?? "null") as Json),
      });
    }
    rest = rest.slice(whole.length);
  }
  return steps;
}

function evaluate(values: readonly Json[], steps: readonly Step[]): Json[] {
  let found = [...values];
  for (const step of steps) found = found.flatMap((value) => follow(value, step));
  return found;
}

function follow(value: Json, step: Step): Json[] {
  switch (step.kind) {
    case "key":
      return isObject(value) && Object.hasOwn(value, step.key) ? [value[step.key] as Json] : [];
    case "index": {
      const item = Array.isArray(value) ? value.at(step.index) : undefined;
      return item === undefined ? [] : [item];
    }
    case "all":
      return Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
    case "filter":
      return (Array.isArray(value) ? value : []).filter((item) => (evaluate([item], step.path)[0] === step.value) === step.isEqual);
    default:
      return assertNever(step);
  }
}
