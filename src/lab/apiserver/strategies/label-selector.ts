import { matchesSelector } from "../../../kube/index.ts";
import type { Labels } from "../../objects/index.ts";
import { type JsonObject, arrayAt, stringAt } from "../json.ts";
import { type Cause, forbiddenField, invalidValue, required } from "../status.ts";

/** What is wrong with a `LabelSelector`, whose types the schema has checked (apimachinery: ValidateLabelSelector). */
export function validateLabelSelector(selector: JsonObject, field: string): Cause[] {
  return arrayAt(selector, "matchExpressions").flatMap((expression, at) => {
    const path = `${field}.matchExpressions[${at}]`;
    const operator = stringAt(expression, "operator") ?? "";
    const hasValues = arrayAt(expression, "values").length > 0;
    if (operator === "In" || operator === "NotIn")
      return hasValues ? [] : [required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
    if (operator === "Exists" || operator === "DoesNotExist")
      return hasValues ? [forbiddenField(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")] : [];
    return [invalidValue(`${path}.operator`, operator, "not a valid selector operator")];
  });
}

/** Whether a valid selector selects what has these labels; the schema has checked that all of it is text. */
export function selects(selector: JsonObject, labels: JsonObject): boolean {
  return matchesSelector(selector, labels as Labels);
}
