import { assertNever } from "../../../kernel/index.ts";
import { Fields } from "../../control/index.ts";
import type { Fault, FaultRule } from "./fault.ts";

const BAD = "LAB_AWS_BAD_FAULT";
export const FAULT_KINDS = [
  "throttle",
  "error",
  "reset",
  "hang",
  "stale",
  "no-effect",
  "lose-answer",
  "fail-after",
  "body",
  "short-list",
  "no-list",
  "missing-field",
  "phantom",
  "same-token",
  "unknown-enum",
] as const satisfies readonly Fault["kind"][];

/**
 * Reads a rule of the fault script from outside. `count` is one when it is left out, and all calls from then on where it is 0.
 * @throws AppError LAB_AWS_BAD_FAULT with the path of the first wrong field.
 */
export function parseFaultRule(value: unknown): FaultRule {
  const fields = new Fields(value, "", BAD);
  const count = fields.integer("count", { min: 0, max: 1_000_000, fallback: 1 });
  const rule: FaultRule = {
    id: fields.text("id"),
    ...(fields.has("service") ? { service: fields.text("service") } : {}),
    action: fields.textThat("action", (text) => /^[A-Za-z0-9*]{1,100}$/.test(text), "an action or a pattern such as Describe*"),
    from: fields.integer("from", { min: 1, max: 1_000_000, fallback: 1 }),
    count: count === 0 ? Number.POSITIVE_INFINITY : count,
    ...(fields.has("every") ? { every: fields.integer("every", { min: 1, max: 1_000_000 }) } : {}),
    fault: parseFault(fields.object("fault")),
  };
  fields.end();
  return rule;
}

function parseFault(fields: Fields): Fault {
  const fault = readFault(fields, fields.choice("kind", FAULT_KINDS));
  fields.end();
  return fault;
}

function readFault(fields: Fields, kind: Fault["kind"]): Fault {
  switch (kind) {
    case "error":
      return {
        kind,
        status: fields.integer("status", { min: 400, max: 599 }),
        code: fields.text("code"),
        ...(fields.has("message") ? { message: fields.text("message") } : {}),
      };
    case "stale":
      return { kind, ageMs: fields.integer("ageMs", { min: 1, max: 86_400_000 }) };
    case "body":
      return { kind, body: fields.choice("body", ["empty", "html", "truncated", "json-object", "other-action"]) };
    case "short-list":
      return { kind, keep: fields.choice("keep", ["none", "half"]) };
    case "missing-field":
      return { kind, field: fields.text("field") };
    case "throttle":
    case "reset":
    case "hang":
    case "no-effect":
    case "lose-answer":
    case "fail-after":
    case "no-list":
    case "phantom":
    case "same-token":
    case "unknown-enum":
      return { kind };
    default:
      return assertNever(kind);
  }
}
