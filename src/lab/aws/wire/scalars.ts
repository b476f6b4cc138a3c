import { assertNever } from "../../../kernel/index.ts";
import { AwsError } from "./aws-error.ts";
import type { Shape } from "./service-model.ts";

/** Where in a request something stands: `Actions.1.ForwardConfig`. */
export type Naming = string;

/** What a text of a request means. Throws AwsError where it is of another kind. */
export function readScalar(shape: Shape, text: string, path: Naming): unknown {
  switch (shape.type) {
    case "integer":
    case "long":
      if (!/^[+-]?\d+$/.test(text)) throw malformed(text, path, "an integer");
      return Number(text);
    case "float":
    case "double":
      if (text === "" || !Number.isFinite(Number(text))) throw malformed(text, path, "a number");
      return Number(text);
    case "boolean":
      if (text !== "true" && text !== "false") throw malformed(text, path, "true or false");
      return text === "true";
    case "timestamp": {
      const ms = Date.parse(text);
      if (Number.isNaN(ms)) throw malformed(text, path, "a time of ISO 8601");
      return new Date(ms);
    }
    case "blob":
      return Buffer.from(text, "base64");
    case "string":
      return text;
    case "structure":
    case "list":
    case "map":
      throw malformed(text, path, `a ${shape.type}`);
    default:
      return assertNever(shape.type);
  }
}

/** What a value is as a text of an answer in XML. */
export function writeScalar(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return String(value);
}

function malformed(text: string, path: Naming, wanted: string): AwsError {
  return new AwsError("MalformedInput", `${path}: ${JSON.stringify(text.slice(0, 100))} is not ${wanted}`);
}
