import { type JsonObject, isEmpty, isObject, objectAt, objectsAt, written } from "./json.ts";
import type { Path, Report } from "./validation-context.ts";

/** All controls of an experiment, in the order in which Chaos Toolkit looks at them, each with its place. */
function controlsOf(experiment: JsonObject): readonly { readonly control: JsonObject; readonly path: Path }[] {
  const within = (parent: JsonObject, path: Path): { control: JsonObject; path: Path }[] =>
    objectsAt(parent, "controls").map((control, at) => ({ control, path: [...path, "controls", at] }));
  const hypothesis = objectAt(experiment, "steady-state-hypothesis");
  return [
    ...within(experiment, []),
    ...within(hypothesis, ["steady-state-hypothesis"]),
    ...objectsAt(hypothesis, "probes").flatMap((probe, at) => within(probe, ["steady-state-hypothesis", "probes", at])),
    ...objectsAt(experiment, "method").flatMap((activity, at) => within(activity, ["method", at])),
    ...objectsAt(experiment, "rollbacks").flatMap((activity, at) => within(activity, ["rollbacks", at])),
  ];
}

/** chaostoolkit-lib, `validate_controls`. */
export function validateControls(experiment: JsonObject, report: Report): void {
  const controls = controlsOf(experiment);
  const known = new Set(controls.filter(({ control }) => control["ref"] === undefined).map(({ control }) => control["name"]));
  for (const { control, path } of controls) {
    const invalid = (message: string, ...at: string[]): void => report({ kind: "InvalidControl", path: [...path, ...at], message });
    const { name, provider, scope, ref } = control;
    if (ref !== undefined && !known.has(ref)) invalid("Control reference '{}' declaration cannot be found", "ref");
    else if (name === undefined) invalid("A control must have a `name` property");
    else if (provider === undefined) invalid(`Control '${written(name)}' must have a \`provider\` property`);
    else if (!isEmpty(scope) && scope !== "before" && scope !== "after")
      invalid(`Control '${written(name)}' scope property must be 'before' or 'after' only`, "scope");
    else if (isObject(provider) && provider["type"] === "python" && isEmpty(provider["module"]))
      report({ kind: "InvalidActivity", path: [...path, "provider"], message: `Control '${written(name)}' must have a module path` });
  }
}
