import { type Json, type JsonObject, isList, isObject } from "../document/json.ts";
import type { Path, Report } from "../document/validation-context.ts";
import { isRow } from "./fallacies.ts";
import { extensionAt } from "./scenario.ts";

type Rule = { readonly isGood: (value: Json) => boolean; readonly what: string; readonly isNeeded?: true };

const TEXT: Rule = { isGood: (value) => typeof value === "string" && value.trim() !== "", what: "a text" };
const TEXTS: Rule = { isGood: (value) => isList(value) && value.every((entry) => typeof entry === "string"), what: "a list of texts" };
const OBJECT: Rule = { isGood: isObject, what: "an object" };

const FIELDS: Readonly<Record<string, Rule>> = {
  name: TEXT,
  row: { isGood: (value) => typeof value === "string" && isRow(value), what: "a row of the table, F1.1 to C5.5, or an incident as I1" },
  fault: TEXT,
  shows: TEXT,
  needs: TEXTS,
  lab: OBJECT,
  knownBad: OBJECT,
  subsets: TEXTS,
};
const LAB: Readonly<Record<string, Rule>> = {
  nodes: between(1, 9),
  replicas: between(1, 20),
  policy: { isGood: (value) => value === "hold" || value === "naive" || value === "both", what: "hold, naive or both" },
  routerArguments: TEXTS,
  albArguments: TEXTS,
};
const KNOWN_BAD: Readonly<Record<string, Rule>> = { switch: { ...TEXT, isNeeded: true }, lab: OBJECT, configuration: OBJECT };

/** What is wrong with the extension `holdfast`: a mistake in it would make a row that is never played, or in the wrong lab. */
export function validateScenario(experiment: JsonObject, report: Report): void {
  const at = extensionAt(experiment);
  const extensions = experiment["extensions"];
  const extension = at === undefined || !isList(extensions) ? undefined : extensions[at];
  if (at === undefined || !isObject(extension)) return;
  const path: Path = ["extensions", at];
  // Without a row it is no scenario; what else others keep there is theirs.
  const isScenario = extension["row"] !== undefined;
  check(extension, isScenario ? withNeeds(FIELDS, ["fault", "shows"]) : FIELDS, path, report);
  checkObject(extension["lab"], LAB, [...path, "lab"], report);
  const bad = extension["knownBad"];
  checkObject(bad, KNOWN_BAD, [...path, "knownBad"], report);
  if (isObject(bad)) checkObject(bad["lab"], LAB, [...path, "knownBad", "lab"], report);
}

function checkObject(value: Json | undefined, rules: Readonly<Record<string, Rule>>, path: Path, report: Report): void {
  if (isObject(value)) check(value, rules, path, report);
}

function check(value: JsonObject, rules: Readonly<Record<string, Rule>>, path: Path, report: Report): void {
  for (const [name, field] of Object.entries(value)) {
    const rule = rules[name];
    if (rule === undefined)
      strict(report, [...path, name], `there is no field ${JSON.stringify(name)} here`, `the fields are ${Object.keys(rules).join(", ")}`);
    else if (field === undefined || !rule.isGood(field))
      strict(report, [...path, name], `${name} is ${JSON.stringify(field)}`, `write ${rule.what}`);
  }
  for (const [name, { isNeeded, what }] of Object.entries(rules))
    if (isNeeded === true && value[name] === undefined) strict(report, path, `${name} is missing`, `write ${what}`);
}

function strict(report: Report, path: Path, message: string, mend: string): void {
  report({ kind: "InvalidExperiment", path, message, mend, isStrict: true });
}

function withNeeds(rules: Readonly<Record<string, Rule>>, names: readonly string[]): Readonly<Record<string, Rule>> {
  return Object.fromEntries(Object.entries(rules).map(([name, rule]) => [name, names.includes(name) ? { ...rule, isNeeded: true } : rule]));
}

function between(least: number, most: number): Rule {
  return {
    isGood: (value) => Number.isInteger(value) && Number(value) >= least && Number(value) <= most,
    what: `a whole number from ${least} to ${most}`,
  };
}
