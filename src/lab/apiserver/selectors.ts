import { messageOf } from "../../kernel/index.ts";
import { type LabelTest, parseLabelSelector as readLabelSelector } from "../../kube/index.ts";
import { type JsonObject, objectAt, valueAt } from "./json.ts";
import type { ResourceType } from "./resource-type.ts";
import { badRequest } from "./status.ts";

/** True when an object is selected. */
export type Predicate = (object: JsonObject) => boolean;

/** Selects everything; compared by identity to skip the work. */
export const everything: Predicate = () => true;

/** Parses a label selector (page "Labels and Selectors"). Throws 400. */
export function parseLabelSelector(text: string): Predicate {
  if (text.trim() === "") return everything;
  let selects: LabelTest;
  try {
    selects = readLabelSelector(text);
  } catch (error) {
    throw badRequest(messageOf(error));
  }
  return (object) => selects(objectAt(object, "metadata", "labels") as Readonly<Record<string, string>> | undefined);
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
