import { isObject } from "../../document/json.ts";
import { LOAD_LIMITS } from "./limits.ts";
import type { Expectation, PlannedRequest } from "./load-plan.ts";
import type { PlanFields } from "./plan-fields.ts";
import { PlanProblem } from "./plan-problem.ts";

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Field values and hosts: no line ends, which would begin a field of their own (RFC 9110 section 5.5). */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const HOST = /^[A-Za-z0-9.\-_[\]:]{1,253}$/;
const TARGET = /^\/[\x21-\x7e]*$/;
/** The generator writes these itself. */
const OWN_FIELDS = new Set(["host", "content-length", "transfer-encoding", "connection"]);

/** The fields of one request: method, path, host, headers, body, weight, expect. `isOnly`: they stand in the plan itself. */
export function readRequest(fields: PlanFields, isOnly: boolean): PlannedRequest {
  const method = fields.text("method") ?? "GET";
  const path = fields.text("path") ?? "/";
  const host = fields.text("host");
  const body = fields.text("body") ?? "";
  if (!TOKEN.test(method))
    throw new PlanProblem(fields.at("method"), `method ${JSON.stringify(method)} is none: write GET, POST or the like`);
  if (!TARGET.test(path))
    throw new PlanProblem(fields.at("path"), `path ${JSON.stringify(path)}: write it as it is sent, from / on, without blanks`);
  if (host !== undefined && !HOST.test(host))
    throw new PlanProblem(fields.at("host"), `host ${JSON.stringify(host)} is none: write a name, with a port where it has one`);
  if (Buffer.byteLength(body) > LOAD_LIMITS.bodyBytes)
    throw new PlanProblem(fields.at("body"), `body: at most ${LOAD_LIMITS.bodyBytes} bytes`);
  return {
    method,
    path,
    host,
    headers: readHeaders(fields, "headers", true),
    body,
    weight: isOnly ? 1 : (fields.integer("weight", 1, 1000) ?? 1),
    expect: readExpectation(fields.object("expect")),
  };
}

function readExpectation(fields: PlanFields): Expectation {
  const status = fields.list("status", 100).map((entry, index) => {
    if (typeof entry === "number" && Number.isInteger(entry) && entry >= 200 && entry <= 599) return entry;
    throw new PlanProblem([...fields.at("status"), index], `status ${JSON.stringify(entry)}: write statuses from 200 to 599`);
  });
  const headers = readHeaders(fields, "headers", false).map(([name, value]) => [name.toLowerCase(), value] as const);
  const bodyContains = fields.text("bodyContains");
  fields.end();
  return { status: status.length === 0 ? [200] : status, headers, bodyContains };
}

function readHeaders(fields: PlanFields, name: string, isSent: boolean): readonly (readonly [string, string])[] {
  const value = fields.get(name);
  if (value === undefined) return [];
  if (!isObject(value)) throw new PlanProblem(fields.at(name), `${name}: write fields and their values`);
  return Object.entries(value).map(([field, given]) => {
    const text = typeof given === "string" ? given : typeof given === "number" ? String(given) : undefined;
    const path = [...fields.at(name), field];
    if (!TOKEN.test(field) || text === undefined || !VALUE.test(text))
      throw new PlanProblem(path, `${name}: ${JSON.stringify(field)} is no field of HTTP with a text`);
    if (isSent && OWN_FIELDS.has(field.toLowerCase()))
      throw new PlanProblem(path, `${name}: ${field} is written by the generator; use host or body`);
    return [field, text];
  });
}
