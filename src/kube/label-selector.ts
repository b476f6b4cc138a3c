import { AppError } from "../kernel/index.ts";

type Labels = Readonly<Record<string, string>>;

/** One requirement of a selector (apimachinery, `LabelSelectorRequirement`, and the node's `NodeSelectorRequirement`). */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** `LabelSelector` of meta/v1. */
export interface LabelSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly LabelRequirement[];
}

/** Whether an object with these labels is selected. */
export type LabelTest = (labels: Labels | undefined) => boolean;

const NAME = String.raw`(?:[A-Za-z0-9.-]+/)?[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?`;
const SET = new RegExp(`^(${NAME})\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
const EQUALITY = new RegExp(`^(${NAME})\\s*(==|=|!=|>|<)\\s*([A-Za-z0-9._-]*)$`);
const EXISTS = new RegExp(`^(!?)\\s*(${NAME})$`);

/**
 * Reads a selector as it stands in a query (page "Labels and Selectors"): `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>5`. An empty one selects all.
 * Throws AppError `KUBE_SELECTOR`.
 */
export function parseLabelSelector(text: string): LabelTest {
  const requirements = (text.trim() === "" ? [] : splitOutsideParentheses(text)).map((part) => readRequirement(part.trim(), text));
  return (labels) => requirements.every((requirement) => meetsRequirement(requirement, labels));
}

/** Whether `labels` satisfy `selector`. An empty selector matches all, an absent one nothing (page "Labels and Selectors"). */
export function matchesSelector(selector: LabelSelector | undefined, labels: Labels | undefined): boolean {
  if (selector === undefined) return false;
  return (
    matchesLabels(selector.matchLabels ?? {}, labels) && (selector.matchExpressions ?? []).every((each) => meetsRequirement(each, labels))
  );
}

/** Whether `labels` hold every pair of `wanted`. */
export function matchesLabels(wanted: Labels, labels: Labels | undefined): boolean {
  return Object.entries(wanted).every(([key, value]) => valueOf(labels, key) === value);
}

/** One requirement on labels; an operator that is not known matches nothing. `Gt` and `Lt` compare whole numbers. */
export function meetsRequirement(requirement: LabelRequirement, labels: Labels | undefined): boolean {
  const value = valueOf(labels, requirement.key);
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return value !== undefined && Number(value) > Number(values[0]);
    case "Lt":
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}

function valueOf(labels: Labels | undefined, key: string): string | undefined {
  return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
}

const OPERATORS: Readonly<Record<string, string>> = { "=": "In", "==": "In", "!=": "NotIn", ">": "Gt", "<": "Lt" };

function readRequirement(part: string, whole: string): LabelRequirement {
  const set = SET.exec(part);
  if (set !== null) {
    const [, key = "", operator, list = ""] = set;
    return { key, operator: operator === "in" ? "In" : "NotIn", values: list.split(",").map((value) => value.trim()) };
  }
  const equality = EQUALITY.exec(part);
  if (equality !== null) {
    const [, key = "", operator = "", value = ""] = equality;
    return { key, operator: OPERATORS[operator] ?? "", values: [value] };
  }
  const exists = EXISTS.exec(part);
  if (exists !== null) return { key: exists[2] ?? "", operator: exists[1] === "!" ? "DoesNotExist" : "Exists" };
  throw new AppError(
    "KUBE_SELECTOR",
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
      // An empty part is refused, as by kube-apiserver: `app=shop,` selects nothing there.
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return parts;
}
