import { isIPv4 } from "node:net";
import { AppError } from "../../kernel/index.ts";
import { Fields } from "../control/index.ts";
import { BAD } from "./config-fields.ts";
import type { Action, Condition, RuleConfig } from "./config.ts";

/** @throws AppError ALB_BAD_CONFIG */
export function parseRule(value: unknown, path: string): RuleConfig {
  const fields = new Fields(value, path, BAD);
  const rule: RuleConfig = {
    priority: fields.integer("priority", { min: 1, max: 50_000 }),
    conditions: fields.list("conditions", { min: 1, max: 5 }, parseCondition),
    action: parseAction(fields.object("action"), `${path}.action`),
  };
  fields.end();
  for (const field of ["host-header", "path-pattern", "http-request-method", "source-ip"] as const) {
    if (rule.conditions.filter((condition) => condition.field === field).length > 1) {
      throw new AppError(BAD, `${path}.conditions: at most one ${field} condition in a rule`);
    }
  }
  checkQuotas(rule, path);
  return rule;
}

/** Page "Quotas for your Application Load Balancers": 5 values and 5 wildcards a rule. */
function checkQuotas(rule: RuleConfig, path: string): void {
  const values = rule.conditions.flatMap((condition) =>
    condition.field === "query-string" ? condition.values.map((pair) => `${pair.key ?? ""}${pair.value}`) : condition.values,
  );
  if (values.length > 5) throw new AppError(BAD, `${path}.conditions: at most 5 values in a rule, has ${values.length}`);
  const wildcards = values.join("").replaceAll(/[^*?]/g, "").length;
  if (wildcards > 5) throw new AppError(BAD, `${path}.conditions: at most 5 wildcards in a rule, has ${wildcards}`);
  const long = values.find((text) => text.length > 128);
  if (long !== undefined)
    throw new AppError(BAD, `${path}.conditions: a value has at most 128 characters; ${long.slice(0, 20)}... has more`);
}

function parseCondition(value: unknown, path: string): Condition {
  const fields = new Fields(value, path, BAD);
  const field = fields.choice("field", ["host-header", "path-pattern", "http-request-method", "source-ip", "http-header", "query-string"]);
  const limits = { min: 1, max: 5 };
  const condition: Condition =
    field === "http-header"
      ? { field, httpHeaderName: fields.text("httpHeaderName"), values: fields.texts("values", limits) }
      : field === "query-string"
        ? { field, values: fields.list("values", limits, parsePair) }
        : { field, values: fields.texts("values", limits) };
  fields.end();
  if (condition.field === "source-ip") condition.values.forEach((cidr) => checkCidr(cidr, path));
  return condition;
}

function checkCidr(cidr: string, path: string): void {
  const [address = "", bits = ""] = cidr.split("/");
  if (!isIPv4(address) || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) {
    throw new AppError(BAD, `${path}.values: ${cidr} is no IPv4 CIDR such as 10.0.0.0/8`);
  }
}

function parsePair(value: unknown, path: string): { key?: string; value: string } {
  const fields = new Fields(value, path, BAD);
  const pair = { ...(fields.has("key") ? { key: fields.text("key") } : {}), value: fields.text("value") };
  fields.end();
  return pair;
}

/** @throws AppError ALB_BAD_CONFIG */
export function parseAction(fields: Fields, path: string): Action {
  const type = fields.choice("type", ["forward", "redirect", "fixed-response"]);
  const action =
    type === "forward" ? parseForward(fields) : type === "redirect" ? parseRedirect(fields, path) : parseFixedResponse(fields, path);
  fields.end();
  return action;
}

function parseForward(fields: Fields): Action {
  return {
    type: "forward",
    targetGroups: fields.list("targetGroups", { min: 1, max: 5 }, (entry, path) => {
      const group = new Fields(entry, path, BAD);
      const parsed = { name: group.text("name"), weight: group.integer("weight", { min: 0, max: 999, fallback: 1 }) };
      group.end();
      return parsed;
    }),
  };
}

function parseRedirect(fields: Fields, path: string): Action {
  const action = {
    type: "redirect",
    statusCode: fields.integer("statusCode", { min: 301, max: 302 }) === 301 ? 301 : 302,
    protocol: fields.text("protocol", "#{protocol}"),
    host: fields.text("host", "#{host}"),
    port: fields.text("port", "#{port}"),
    path: fields.text("path", "/#{path}"),
    query: fields.has("query") ? fields.textThat("query", () => true, "a string") : "#{query}",
  } as const;
  const isUnchanged =
    [action.protocol, action.host, action.port, action.path, action.query].join(" ") === "#{protocol} #{host} #{port} /#{path} #{query}";
  if (isUnchanged) throw new AppError(BAD, `${path}: a redirect must change protocol, host, port, path or query, or it loops`);
  return action;
}

function parseFixedResponse(fields: Fields, path: string): Action {
  const statusCode = fields.integer("statusCode", { min: 200, max: 599 });
  if (statusCode >= 300 && statusCode < 400) throw new AppError(BAD, `${path}.statusCode: must be 2XX, 4XX or 5XX`);
  const messageBody = fields.has("messageBody")
    ? fields.textThat("messageBody", (text) => text.length <= 1024, "a string of at most 1024 characters")
    : "";
  const contentType = fields.choice(
    "contentType",
    ["text/plain", "text/css", "text/html", "application/javascript", "application/json"],
    "text/plain",
  );
  return { type: "fixed-response", statusCode, contentType, messageBody };
}
