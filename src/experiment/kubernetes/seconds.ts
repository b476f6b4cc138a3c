import type { JsonObject } from "../document/json.ts";
import type { InjectOptions } from "../fault/fault.ts";
import type { ArgumentRules } from "../native/argument-rules.ts";

/** Of faults that are put back by themselves, when that is wanted. */
export const SECONDS: ArgumentRules = {
  seconds: {
    type: "number",
    least: 0.1,
    most: 86_400,
    summary: "after how many seconds it is put back; at the end of the run when left out",
  },
};

export function lasting({ seconds }: JsonObject): InjectOptions {
  return typeof seconds === "number" ? { seconds } : {};
}
