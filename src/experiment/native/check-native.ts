import { didYouMean } from "../../route/index.ts";
import { type JsonObject, isObject, objectAt, textAt, written } from "../document/json.ts";
import type { DocumentProblem } from "../document/problem.ts";
import { findNativeActivity, nativeActivities } from "./activities.ts";
import { checkArguments, settledArguments } from "./argument-rules.ts";

type NativeProblem = Pick<DocumentProblem, "path" | "message" | "mend">;

/** All that is wrong with an activity of ours before its values are there; `path` is within the activity. */
export function checkNative(activity: JsonObject): readonly NativeProblem[] {
  const provider = objectAt(activity, "provider");
  const name = textAt(provider, "activity");
  if (name === undefined || name === "")
    return [{ path: ["provider"], message: "a holdfast activity must be named", mend: 'write "activity": "process/signal" or another' }];
  const native = findNativeActivity(name);
  if (native === undefined) {
    const known = nativeActivities.map((one) => one.name);
    const near = didYouMean(name, known).replace("; ", "");
    const mend = near === "" ? `there are ${known.join(", ")}` : near;
    return [{ path: ["provider", "activity"], message: `there is no activity ${JSON.stringify(name)}`, mend }];
  }
  if (native.does !== activity["type"])
    return [{ path: ["type"], message: `${name} is no ${written(activity["type"])}`, mend: `write "type": "${native.does}"` }];
  const given = provider["arguments"] ?? {};
  if (!isObject(given))
    return [{ path: ["provider", "arguments"], message: "the arguments are no object", mend: "write them by their names" }];
  const settled = settledArguments(native.arguments, given);
  const wrong = checkArguments(native.arguments, given);
  // Whoever checks further relies on the types.
  const open = new Set(Object.keys(given).filter((argument) => settled[argument] === undefined));
  const problems = wrong.length > 0 ? wrong : (native.check?.(settled, open) ?? []);
  return problems.map(({ argument, message, mend }) => ({
    path: ["provider", ...(provider["arguments"] === undefined ? [] : ["arguments", ...(argument === "" ? [] : [argument])])],
    message: `${name}: ${message}`,
    mend,
  }));
}
