import type { JsonObject } from "../document/json.ts";
import { REQUIRED } from "./parameters.ts";
import { type PythonFunction } from "./python-function.ts";

/** What is wrong with a call before it is made, in the words of chaostoolkit-lib; the field that is wrong, where it is one that was given. */
export function argumentProblem(
  { func, parameters }: PythonFunction,
  given: JsonObject,
): { readonly message: string; readonly argument?: string } | undefined {
  for (const [name, fallback] of Object.entries(parameters))
    if (fallback === REQUIRED && given[name] === undefined)
      return { message: `required argument '${name}' is missing from activity '${func}'` };
  for (const name of Object.keys(given))
    if (!Object.hasOwn(parameters, name) && name !== "secrets" && name !== "configuration")
      return { message: `argument '${name}' is not part of the function signature in activity '${func}'`, argument: name };
  return undefined;
}
