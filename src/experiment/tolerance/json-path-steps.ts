import { type Json, isList, isObject } from "../document/json.ts";
import { isEqual } from "../values/python-order.ts";

/** What a part of a path leads to from a value. */
export type Step = (root: Json, current: Json) => readonly Json[];
/** What a filter says of a value. */
export type Condition = (root: Json, current: Json) => boolean;

/** A path that leads to more than this is somebody's mistake. */
const LIMIT = 1_000_000;

export const itself: Step = (_root, current) => [current];
export const theRoot: Step = (root) => [root];

export function field(name: string): Step {
  return (_root, current) => (isObject(current) && Object.hasOwn(current, name) ? [current[name] ?? null] : []);
}

export function element(index: number): Step {
  return (_root, current) => {
    if (!isList(current)) return [];
    const found = current[index < 0 ? index + current.length : index];
    return found === undefined ? [] : [found];
  };
}

export const everything: Step = (_root, current) => {
  if (isList(current)) return current;
  return isObject(current) ? Object.values(current).map((value) => value ?? null) : [];
};

/** Python's `range`, as jsonpath2 makes it: an end below zero counts from the end, and with a step below zero nothing is there by default. */
export function slice(from: number | undefined, to: number | undefined, by: number | undefined): Step {
  return (root, current) => {
    if (!isList(current)) return [];
    const { length } = current;
    const start = from === undefined ? 0 : from < 0 ? from + Math.max(length, Math.abs(from)) : from;
    const end = to === undefined ? length : to < 0 ? to + length : to;
    const step = by ?? 1;
    const found: Json[] = [];
    for (let at = start; step > 0 ? at < end : at > end; at += step) found.push(...element(at)(root, current));
    return found;
  };
}

/** What is there, and below it, however deep: first the value itself. */
export function descend(step: Step): Step {
  return (root, current) => {
    const found: Json[] = [];
    const visit = (value: Json): void => {
      found.push(...step(root, value));
      if (found.length > LIMIT) throw new RangeError(`the path leads to more than ${LIMIT} values`);
      for (const child of everything(root, value)) visit(child);
    };
    visit(current);
    return found;
  };
}

/** A value that is the name or the position to go on with. */
export function indirect(path: Step): Step {
  return (root, current) =>
    path(root, current).flatMap((value) => {
      if (typeof value === "string") return field(value)(root, current);
      return typeof value === "number" && Number.isInteger(value) ? element(value)(root, current) : [];
    });
}

export function inTurn(first: Step, next: Step): Step {
  return (root, current) => first(root, current).flatMap((value) => next(root, value));
}

export function eachOf(steps: readonly Step[]): Step {
  return (root, current) => steps.flatMap((step) => step(root, current));
}

export function filtered(condition: Condition): Step {
  return (root, current) => (condition(root, current) ? [current] : []);
}

/** Whether a comparison is true of any pair. Numbers alone have an order; true is 1. */
export function compared(left: Step, operator: string, right: Step): Condition {
  return (root, current) => {
    const others = right(root, current);
    return left(root, current).some((one) => others.some((other) => holds(one, operator, other)));
  };
}

function holds(one: Json, operator: string, other: Json): boolean {
  if (operator === "=") return isEqual(one, other);
  if (operator === "!=") return !isEqual(one, other);
  const isOrdered = (value: Json): boolean => typeof value === "number" || typeof value === "boolean";
  if (!isOrdered(one) || !isOrdered(other)) return false;
  const difference = Number(one) - Number(other);
  return operator === "<" ? difference < 0 : operator === "<=" ? difference <= 0 : operator === ">" ? difference > 0 : difference >= 0;
}
