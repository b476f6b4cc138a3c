import { type JsonObject, isList, isObject, objectAt, objectsAt } from "./json.ts";
import { validateScenario } from "../scenario/validate-scenario.ts";
import type { Path, Report } from "./validation-context.ts";

const FIELDS = [
  "version",
  "title",
  "description",
  "tags",
  "contributions",
  "configuration",
  "secrets",
  "steady-state-hypothesis",
  "method",
  "rollbacks",
  "controls",
  "extensions",
  "runtime",
  "dry",
];
const LEVELS = ["high", "medium", "low", "none"];
const ROLLBACK_STRATEGIES = ["default", "always", "never", "deviated"];
const HYPOTHESIS_STRATEGIES = [
  "default",
  "before-method-only",
  "after-method-only",
  "during-method-only",
  "continuously",
  "continously",
  "skip",
];

/** What Chaos Toolkit takes without a word and then does not do, or does otherwise than it says. Without `--compat` it is refused. */
export function validateStrictly(experiment: JsonObject, report: Report): void {
  const strict = (path: Path, message: string, mend: string): void =>
    report({ kind: "InvalidExperiment", path, message, mend, isStrict: true });
  for (const name of Object.keys(experiment))
    if (!FIELDS.includes(name))
      strict([name], `there is no field ${JSON.stringify(name)} in an experiment`, `the fields are ${FIELDS.join(", ")}`);
  for (const [name, level] of Object.entries(objectAt(experiment, "contributions")))
    if (typeof level !== "string" || !LEVELS.includes(level))
      strict(["contributions", name], `the contribution ${JSON.stringify(level)} is none`, `write one of ${LEVELS.join(", ")}`);
  const runtime = objectAt(experiment, "runtime");
  strategy("rollbacks", ROLLBACK_STRATEGIES);
  strategy("hypothesis", HYPOTHESIS_STRATEGIES);
  const hypothesis = objectAt(experiment, "steady-state-hypothesis");
  if (experiment["steady-state-hypothesis"] !== undefined && objectsAt(hypothesis, "probes").length === 0)
    strict(["steady-state-hypothesis"], "a hypothesis without probes is always met", "give it probes, or leave it out");
  validateActivities(experiment, hypothesis, strict);
  validateScenario(experiment, report);
  for (const [scope, secrets] of Object.entries(objectAt(experiment, "secrets")))
    for (const [name, secret] of Object.entries(isObject(secrets) ? { "": secrets, ...secrets } : {}))
      if (isObject(secret) && secret["type"] === "vault")
        strict(
          ["secrets", scope, ...(name === "" ? [] : [name])],
          "secrets in Vault are not read here",
          'use "type": "env", or a --var-file',
        );

  function strategy(of: string, known: readonly string[]): void {
    const name = objectAt(runtime, of)["strategy"];
    if (name !== undefined && (typeof name !== "string" || !known.includes(name)))
      strict(["runtime", of, "strategy"], `there is no strategy ${JSON.stringify(name)}`, `write one of ${known.join(", ")}`);
  }
}

function validateActivities(
  experiment: JsonObject,
  hypothesis: JsonObject,
  strict: (path: Path, message: string, mend: string) => void,
): void {
  const names = new Map<string, Path>();
  const all = [
    ...objectsAt(hypothesis, "probes").map((activity, at) => ({ activity, path: ["steady-state-hypothesis", "probes", at] })),
    ...objectsAt(experiment, "method").map((activity, at) => ({ activity, path: ["method", at] })),
    ...objectsAt(experiment, "rollbacks").map((activity, at) => ({ activity, path: ["rollbacks", at] })),
  ];
  for (const { activity, path } of all) {
    const { name, type } = activity;
    if (path[0] === "steady-state-hypothesis" && type === "action")
      strict([...path, "type"], "an action cannot judge a steady state", 'write "type": "probe", or move it into the method');
    if (typeof name === "string" && names.has(name))
      strict(
        [...path, "name"],
        `the name ${JSON.stringify(name)} is there already: which one a ref means is not clear`,
        "give each activity a name of its own",
      );
    if (typeof name === "string") names.set(name, path);
  }
  for (const [at, activity] of objectsAt(experiment, "rollbacks").entries()) {
    const ref = activity["ref"];
    if (typeof ref === "string" && ref !== "" && !names.has(ref))
      strict(["rollbacks", at, "ref"], `referenced activity '${ref}' could not be found in the experiment`, "name one of its activities");
  }
  for (const section of ["method", "rollbacks"]) {
    const listed = experiment[section];
    if (listed !== undefined && !isList(listed)) strict([section], `${section} is no list`, "write a list of activities");
    if (isList(listed))
      for (const [at, activity] of listed.entries())
        if (!isObject(activity)) strict([section, at], "this is no activity", "write an object with type, name and provider");
  }
}
