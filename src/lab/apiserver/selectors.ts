import { type JsonObject, objectAt, stringAt, valueAt } from "./json.ts";
import type { ResourceType } from "./resource-type.ts";
import { type StatusError, badRequest } from "./status.ts";

/** True when an object is selected. */
export type Predicate = (object: JsonObject) => boolean;

/** Selects everything; compared by identity to skip the work. */
export const everything: Predicate = () => true;

const NAME = String.raw`(?:[A-Za-z0-9.-]+/)?[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?`;
const SET = new RegExp(`^(${NAME})\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
const EQUALITY = new RegExp(`^(${NAME})\\s*(==|=|!=|>|<)\\s*([A-Za-z0-9._-]*)$`);
const EXISTS = new RegExp(`^(!?)\\s*(${NAME})$`);

/** Parses a label selector (page "Labels and Selectors"): `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>5`. Throws 400. */
export function parseLabelSelector(text: string): Predicate {
  const tests = splitOutsideParentheses(text).map((part) => labelTest(part.trim(), text));
  if (tests.length === 0) return everything;
  return (object) => {
    const labels = objectAt(object, "metadata", "labels");
    return tests.every((test) => test((name) => stringAt(labels, name)));
  };
}

type Lookup = (name: string) => string | undefined;

function labelTest(part: string, whole: string): (label: Lookup) => boolean {
  const set = SET.exec(part);
  if (set !== null) {
    const [, name = "", operator, list = ""] = set;
    const values = new Set(list.split(",").map((value) => value.trim()));
    return operator === "in" ? (label) => values.has(label(name) ?? "\0") : (label) => !values.has(label(name) ?? "\0");
  }
  const equality = EQUALITY.exec(part);
  if (equality !== null) {
    const [, name = "", operator, value = ""] = equality;
    if (operator === "!=") return (label) => label(name) !== value;
    if (operator === ">") return (label) => Number(label(name) ?? Number.NaN) > Number(value);
    if (operator === "<") return (label) => Number(label(name) ?? Number.NaN) < Number(value);
    return (label) => label(name) === value;
  }
  const exists = EXISTS.exec(part);
  if (exists === null) throw unparsable(whole, part);
  const [, negated, name = ""] = exists;
  return negated === "!" ? (label) => label(name) === undefined : (label) => label(name) !== undefined;
}

function unparsable(whole: string, part: string): StatusError {
  return badRequest(
    `unable to parse requirement: "${part}" in label selector "${whole}"; write name=value, name!=value, name in (a,b), name notin (a,b), name or !name`,
  );
}

function splitOutsideParentheses(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at <= text.length; at++) {
    const character = text[at];
    if (character === "(") depth++;
    else if (character === ")") depth--;
    else if (character === undefined || (character === "," && depth === 0)) {
      if (text.slice(start, at).trim() !== "") parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return parts;
}

/** Parses a field selector for a kind: `metadata.name=a,spec.nodeName!=b`. Throws 400 for fields the kind does not offer. */
export function parseFieldSelector(text: string, type: Pick<ResourceType, "selectableFields" | "namespaced">): Predicate {
  const tests = text
    .split(/(?<!\\),/)
    .filter((part) => part.trim() !== "")
    .map((part) => {
      const match = /^\s*([A-Za-z.]+)\s*(!=|==|=)(.*)$/s.exec(part);
      if (match === null) throw badRequest(`invalid selector: '${part}'; can't understand it: write field=value or field!=value`);
      const [, field = "", operator, escaped = ""] = match;
      const path = pathOf(field, type);
      const wanted = escaped.replaceAll(/\\([\\,=])/g, "$1");
      const equal = operator !== "!=";
      return (object: JsonObject): boolean => (asText(object, path) === wanted) === equal;
    });
  if (tests.length === 0) return everything;
  return (object) => tests.every((test) => test(object));
}

function asText(object: JsonObject, path: readonly string[]): string {
  const value = valueAt(object, ...path);
  // An unset bool prints as "false" in the selectable fields of nodes and pods.
  if (value === undefined || value === null) return path.at(-1) === "unschedulable" || path.at(-1) === "hostNetwork" ? "false" : "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function pathOf(field: string, type: Pick<ResourceType, "selectableFields" | "namespaced">): readonly string[] {
  if (field === "metadata.name") return ["metadata", "name"];
  if (field === "metadata.namespace" && type.namespaced) return ["metadata", "namespace"];
  const path = type.selectableFields.get(field);
  if (path === undefined) throw badRequest(`field label not supported: ${field}`);
  return path;
}

/** Both together; `everything` where neither says anything. */
export function both(first: Predicate, second: Predicate): Predicate {
  if (first === everything) return second;
  if (second === everything) return first;
  return (object) => first(object) && second(object);
}
