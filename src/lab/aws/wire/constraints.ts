import { AwsError } from "./aws-error.ts";
import type { Fields } from "./query-input.ts";
import type { Member, Protocol, ServiceModel, Shape } from "./service-model.ts";

/**
 * What the service model says of values: required fields, lengths, ranges, patterns, enumerations. AWS checks these before anything
 * else and words them so; EC2 has words of its own for what is missing. Undefined when all is as it must be.
 */
export function violationOf(model: ServiceModel, shapeName: string, input: Fields): AwsError | undefined {
  const found: string[] = [];
  const missing: string[] = [];
  check(model, { shape: shapeName }, input, "", { found, missing });
  const [first] = missing;
  if (model.protocol === "ec2") {
    if (first !== undefined) return new AwsError("MissingParameter", `The request must contain the parameter ${first}`);
    return found[0] === undefined ? undefined : new AwsError("InvalidParameterValue", found[0]);
  }
  const all = [...missing.map((path) => `Value null at '${path}' failed to satisfy constraint: Member must not be null`), ...found];
  if (all.length === 0) return undefined;
  const counted = `${all.length} validation error${all.length === 1 ? "" : "s"} detected: ${all.join("; ")}`;
  return new AwsError(CODES[model.protocol], counted);
}

const CODES: Readonly<Record<Exclude<Protocol, "ec2">, string>> = { query: "ValidationError", json: "ValidationException" };

interface Violations {
  readonly found: string[];
  readonly missing: string[];
}

function check(model: ServiceModel, member: Member, value: unknown, path: string, violations: Violations): void {
  const shape = model.shape(member.shape);
  if (shape.type === "structure") {
    const fields = value as Fields;
    for (const name of shape.required ?? []) if (fields[name] === undefined) violations.missing.push(join(path, name));
    for (const [name, below] of Object.entries(shape.members ?? {})) {
      if (fields[name] !== undefined) check(model, below, fields[name], join(path, name), violations);
    }
    return;
  }
  const { member: entry } = shape;
  if (shape.type === "list" && entry !== undefined) {
    const entries = value as readonly unknown[];
    for (const [at, one] of entries.entries()) check(model, entry, one, `${path}.${at + 1}.member`, violations);
  }
  const said = violated(shape, value);
  if (said !== undefined) violations.found.push(`Value '${shown(value)}' at '${path}' failed to satisfy constraint: ${said}`);
}

function violated(shape: Shape, value: unknown): string | undefined {
  const { min = 0, max = Infinity, pattern, enum: words } = shape;
  if (typeof value === "number") {
    if (value < min) return `Member must have value greater than or equal to ${min}`;
    return value > max ? `Member must have value less than or equal to ${max}` : undefined;
  }
  const length = typeof value === "string" || Array.isArray(value) ? value.length : undefined;
  if (length === undefined) return undefined;
  if (length < min) return `Member must have length greater than or equal to ${min}`;
  if (length > max) return `Member must have length less than or equal to ${max}`;
  if (typeof value !== "string") return undefined;
  if (words?.includes(value) === false) return `Member must satisfy enum value set: [${words.join(", ")}]`;
  return pattern !== undefined && !matcherOf(pattern).test(value)
    ? `Member must satisfy regular expression pattern: ${pattern}`
    : undefined;
}

const matchers = new Map<string, RegExp>();

/** The patterns of service models are Java's. Those of the services that are served mean the same in JavaScript; a test reads them. */
function matcherOf(pattern: string): RegExp {
  let matcher = matchers.get(pattern);
  if (matcher === undefined) {
    matcher = new RegExp(`^(?:${pattern})$`, "u");
    matchers.set(pattern, matcher);
  }
  return matcher;
}

function join(path: string, name: string): string {
  return path === "" ? lowerFirst(name) : `${path}.${lowerFirst(name)}`;
}

/** As AWS names fields where it says what is wrong with them. */
function lowerFirst(name: string): string {
  return `${name.slice(0, 1).toLowerCase()}${name.slice(1)}`;
}

function shown(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
}
