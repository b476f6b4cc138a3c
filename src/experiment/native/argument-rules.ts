import { type Json, type JsonObject, isList, isObject } from "../document/json.ts";

export type ArgumentType = "string" | "number" | "integer" | "boolean" | "list" | "object" | "any";

export interface ArgumentRule {
  readonly type: ArgumentType;
  readonly required?: boolean;
  readonly choices?: readonly Json[];
  /** Of numbers, inclusive. */
  readonly least?: number;
  readonly most?: number;
  /** Filled in where the argument is left out. */
  readonly default?: Json;
  /** One line, with the unit. */
  readonly summary: string;
}

export type ArgumentRules = Readonly<Record<string, ArgumentRule>>;

export interface ArgumentProblem {
  /** Empty when it is the arguments as a whole. */
  readonly argument: string;
  readonly message: string;
  readonly mend: string;
}

const REFERENCE = /\$(?:[_a-zA-Z]|\{[_a-zA-Z])/;

/** What is wrong with arguments as they stand in the file: what holds `${…}` is looked at when the values are there. */
export function checkArguments(rules: ArgumentRules, given: JsonObject): readonly ArgumentProblem[] {
  const problems: ArgumentProblem[] = [];
  for (const [argument, value] of Object.entries(given)) {
    const rule = Object.hasOwn(rules, argument) ? rules[argument] : undefined;
    if (rule === undefined) {
      const known = Object.keys(rules);
      const mend = known.length === 0 ? "it takes none" : `its arguments are ${known.join(", ")}`;
      problems.push({ argument, message: `there is no argument ${JSON.stringify(argument)}`, mend });
    } else if (value !== undefined && !isOpen(value)) {
      const problem = checkValue(argument, rule, value);
      if (problem !== undefined) problems.push(problem);
    }
  }
  for (const [argument, rule] of Object.entries(rules))
    if (rule.required === true && given[argument] === undefined)
      problems.push({ argument: "", message: `argument ${JSON.stringify(argument)} is missing`, mend: `give it: ${rule.summary}` });
  return problems;
}

/** The arguments that are whole already, defaults filled in: what {@link NativeActivity.check} looks at. */
export function settledArguments(rules: ArgumentRules, given: JsonObject): JsonObject {
  return withDefaults(rules, Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && !isOpen(value))));
}

/** Fills in defaults, and takes texts of the configuration (which environments give) for the numbers and booleans that they say. */
export function finishedArguments(rules: ArgumentRules, given: JsonObject): JsonObject {
  const finished = Object.entries(given).map(([name, value]) => [name, value === undefined ? value : converted(rules[name]?.type, value)]);
  return withDefaults(rules, Object.fromEntries(finished) as JsonObject);
}

function withDefaults(rules: ArgumentRules, given: JsonObject): JsonObject {
  const defaults = Object.entries(rules).flatMap(([name, rule]) => (rule.default === undefined ? [] : [[name, rule.default] as const]));
  return { ...Object.fromEntries(defaults), ...given };
}

function converted(type: ArgumentType | undefined, value: Json): Json {
  if (typeof value !== "string") return value;
  if ((type === "number" || type === "integer") && /^-?\d+(\.\d+)?$/.test(value)) return Number(value);
  if (type === "boolean" && /^(true|false)$/i.test(value)) return value.toLowerCase() === "true";
  return value;
}

function checkValue(argument: string, rule: ArgumentRule, value: Json): ArgumentProblem | undefined {
  const problem = (message: string, mend: string): ArgumentProblem => ({ argument, message, mend });
  const shown = JSON.stringify(value);
  if (!isOfType(rule.type, value)) return problem(`${shown} is no ${rule.type}`, rule.summary);
  if (rule.choices !== undefined && !rule.choices.includes(value))
    return problem(`${shown} is not one of its values`, `write one of ${rule.choices.map((choice) => JSON.stringify(choice)).join(", ")}`);
  if (typeof value === "number" && value < (rule.least ?? -Infinity)) return problem(`${shown} is too small`, `from ${rule.least}`);
  if (typeof value === "number" && value > (rule.most ?? Infinity)) return problem(`${shown} is too large`, `up to ${rule.most}`);
  return undefined;
}

function isOfType(type: ArgumentType, value: Json): boolean {
  if (type === "any") return true;
  if (type === "list") return isList(value);
  if (type === "object") return isObject(value);
  return type === "integer" ? Number.isSafeInteger(value) : typeof value === type;
}

function isOpen(value: Json): boolean {
  if (typeof value === "string") return REFERENCE.test(value);
  if (isList(value)) return value.some(isOpen);
  return isObject(value) && Object.values(value).some((field) => field !== undefined && isOpen(field));
}
