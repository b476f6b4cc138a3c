import { AppError } from "../../kernel/index.ts";
import { type Json, written } from "../document/json.ts";

/** A value in the type that is asked for (chaostoolkit-lib, `convert_to_type`). Throws AppError `EXPERIMENT_INVALID`. */
export function convertTo(type: string | undefined, value: Json): Json {
  switch (type) {
    case undefined:
    case "str":
    case "string":
    case "bytes":
      return value;
    case "int":
    case "integer":
      return numberOf(value, /^\s*[+-]?\d+(_\d+)*\s*$/, type);
    case "float":
    case "number":
      return numberOf(value, /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/, type);
    case "bool":
      return typeof value === "boolean" ? value : !["false", "0", "no"].includes(written(value).toLowerCase());
    case "json":
      return typeof value === "string" && value !== "" ? (JSON.parse(value) as Json) : value;
    default:
      throw new AppError("EXPERIMENT_INVALID", "variable type can only be: bool, str, int, float, bytes or json");
  }
}

function numberOf(value: Json, form: RegExp, type: string): number {
  if (typeof value === "number") return type.startsWith("int") ? Math.trunc(value) : value;
  if (typeof value !== "string" || !form.test(value))
    throw new AppError("EXPERIMENT_INVALID", `${JSON.stringify(value)} is no ${type}: write digits`);
  return Number(value.replaceAll("_", ""));
}
