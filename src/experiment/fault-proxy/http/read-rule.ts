import { isRecord } from "../../../kernel/index.ts";
import { Refused } from "../control/refused.ts";
import type { HttpFault, Match, Rule } from "./rule.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A field of a fault: what it must be, and what it is when it is not given. */
type FieldRule =
  | { readonly kind: "number"; readonly least: number; readonly most: number; readonly usual?: number }
  | { readonly kind: "text"; readonly usual?: string; readonly choices?: readonly string[] }
  | { readonly kind: "headers" };

const LOSSES = ["reset", "close", "hang"];
const LONGEST_DELAY_MS = 3_600_000;
const MOST_MATCH_VALUES = 100;
const LONGEST_PATTERN = 1_000;

const share = (usual: number): FieldRule => ({ kind: "number", least: 0, most: 1, usual });
const whole = (least: number, most: number, usual?: number): FieldRule => ({
  kind: "number",
  least,
  most,
  ...(usual === undefined ? {} : { usual }),
});

/** Every fault on HTTP with its fields. */
export const FAULT_FIELDS: Readonly<Record<HttpFault["type"], Readonly<Record<string, FieldRule>>>> = {
  reset: {},
  close: {},
  hang: {},
  delay: {
    ms: whole(0, LONGEST_DELAY_MS),
    jitter_ms: whole(0, LONGEST_DELAY_MS, 0),
    at: { kind: "text", usual: "request", choices: ["request", "headers"] },
  },
  answer: { status: whole(200, 599, 200), headers: { kind: "headers" }, body: { kind: "text", usual: "" } },
  kube_status: {
    code: whole(400, 599),
    reason: { kind: "text", usual: "" },
    message: { kind: "text", usual: "" },
    retry_after: whole(0, 3600, 0),
  },
  aws_error: { code: { kind: "text" }, status: whole(0, 599, 0), message: { kind: "text", usual: "" } },
  status: { status: whole(200, 599) },
  cut: {
    in: { kind: "text", usual: "body", choices: ["headers", "body"] },
    bytes: whole(0, 1e9, 0),
    how: { kind: "text", usual: "reset", choices: ["reset", "close"] },
  },
  truncate: { share: share(0.5) },
  corrupt: { every: whole(1, 1e9, 10_000) },
  slow: { bytes_per_second: whole(1, 1e9) },
  lose_answer: { how: { kind: "text", usual: "reset", choices: LOSSES } },
  empty_list: {},
  partial_list: { share: share(0.5) },
  older_world: { record_seconds: whole(0, 3600, 0) },
  watch: { do: { kind: "text", choices: ["drop_events", "silent", "close", "garbage", "error_410"] }, share: share(1) },
};

const RULE_FIELDS = ["name", "match", "fault", "share", "skip", "count"];
const PATTERNS: Readonly<Record<string, "path" | "host" | "userAgent">> = { path: "path", host: "host", user_agent: "userAgent" };
const LISTS: Readonly<Record<string, keyof Match>> = {
  method: "methods",
  verb: "verbs",
  group: "groups",
  resource: "resources",
  namespace: "namespaces",
  name: "names",
  service: "services",
  action: "actions",
};

/** Reads a rule. Throws {@link Refused} with one line that says what is wrong and what there is. */
export function readRule(value: unknown): Rule {
  const fields = objectIn(value, "a rule");
  refuseOthers(fields, RULE_FIELDS, "a rule");
  const fault = readFault(fields["fault"]);
  const given = fields["name"] ?? fault.type;
  if (typeof given !== "string" || given === "") throw bad("name must be a text");
  const count = fields["count"] ?? null;
  return {
    name: given,
    match: readMatch(fields["match"] ?? {}),
    fault,
    share: numberIn(fields, "share", { kind: "number", least: 0, most: 1, usual: 1 }),
    skip: numberIn(fields, "skip", { kind: "number", least: 0, most: 1e9, usual: 0 }),
    count: count === null ? null : numberIn(fields, "count", { kind: "number", least: 1, most: 1e9 }),
    written: { share: 1, skip: 0, count: null, match: {}, ...fields, name: given, fault },
  };
}

function readFault(value: unknown): HttpFault {
  const fields = objectIn(value, "fault");
  const { type } = fields;
  const rules = typeof type === "string" && Object.hasOwn(FAULT_FIELDS, type) ? FAULT_FIELDS[type as HttpFault["type"]] : undefined;
  if (rules === undefined) throw bad(`fault.type must be one of ${Object.keys(FAULT_FIELDS).join(", ")}`);
  refuseOthers(fields, ["type", ...Object.keys(rules)], `fault ${String(type)}`);
  const read = Object.entries(rules).map(([name, rule]): [string, unknown] => [name, fieldIn(fields, name, rule, `fault ${String(type)}`)]);
  return { type, ...Object.fromEntries(read) } as HttpFault;
}

function readMatch(value: unknown): Match {
  const fields = objectIn(value, "match");
  refuseOthers(fields, [...Object.keys(PATTERNS), ...Object.keys(LISTS)], "match");
  const read: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const pattern = PATTERNS[name];
    if (pattern !== undefined) read[pattern] = patternIn(field, name);
    else read[LISTS[name] ?? ""] = listIn(field, name);
  }
  return read;
}

function patternIn(value: unknown, name: string): RegExp {
  if (typeof value !== "string" || value.length > LONGEST_PATTERN) throw bad(`match.${name} must be a regular expression`);
  try {
    return new RegExp(value);
  } catch {
    throw bad(`match.${name} ${JSON.stringify(value)} is no regular expression`);
  }
}

function listIn(value: unknown, name: string): readonly string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (values.length === 0 || values.length > MOST_MATCH_VALUES || !values.every((each) => typeof each === "string"))
    throw bad(`match.${name} must be a text or a list of texts`);
  return values;
}

function fieldIn(fields: Fields, name: string, rule: FieldRule, where: string): unknown {
  if (rule.kind === "number") return numberIn(fields, name, rule);
  const value = fields[name];
  if (rule.kind === "headers") {
    const headers = objectIn(value ?? {}, `${where}: ${name}`);
    for (const [header, text] of Object.entries(headers))
      if (typeof text !== "string" || !/^[!-~]+$/.test(header) || /[\r\n\0]/.test(text))
        throw bad(`${where}: header ${JSON.stringify(header)} cannot be sent`);
    return headers;
  }
  const text = value ?? rule.usual;
  if (typeof text !== "string") throw bad(`${where}: ${name} must be a text`);
  if (rule.choices !== undefined && !rule.choices.includes(text)) throw bad(`${where}: ${name} must be one of ${rule.choices.join(", ")}`);
  return text;
}

function numberIn(fields: Fields, name: string, rule: Extract<FieldRule, { kind: "number" }>): number {
  const value = fields[name] ?? rule.usual;
  if (typeof value !== "number" || !(value >= rule.least && value <= rule.most))
    throw bad(`${name} must be a number from ${rule.least} to ${rule.most}`);
  return value;
}

function objectIn(value: unknown, what: string): Fields {
  if (!isRecord(value)) throw bad(`${what} must be an object`);
  return value;
}

function refuseOthers(fields: Fields, known: readonly string[], what: string): void {
  const other = Object.keys(fields).find((name) => !known.includes(name));
  if (other !== undefined) throw bad(`${what} has no field ${JSON.stringify(other)}; it has ${known.join(", ")}`);
}

function bad(message: string): Refused {
  return new Refused(400, `bad request body: ${message}`);
}
