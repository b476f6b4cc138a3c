import { isIPv4 } from "node:net";
import { AppError } from "../../kernel/index.ts";
import { Fields } from "../control/index.ts";
import {
  targetKey,
  type Action,
  type AlbConfig,
  type Condition,
  type HealthCheckConfig,
  type ListenerConfig,
  type LoadBalancerAttributes,
  type RuleConfig,
  type TargetConfig,
  type TargetGroupConfig,
} from "./config.ts";
import { parseMatcher } from "./matcher.ts";

const BAD = "ALB_BAD_CONFIG";
const PORT = { min: 1, max: 65_535 } as const;

/**
 * Reads the configuration of a load balancer from outside and fills in AWS's defaults.
 * @throws AppError ALB_BAD_CONFIG with the path of the first wrong field.
 */
export function parseAlbConfig(value: unknown): AlbConfig {
  const fields = new Fields(value, "", BAD);
  const control = fields.object("control");
  const config: AlbConfig = {
    name: fields.text("name"),
    nodes: fields.list("nodes", { min: 1, max: 8 }, (entry, path) => {
      const node = new Fields(entry, path, BAD);
      const parsed = { zone: node.text("zone"), address: readAddress(node, "address") };
      node.end();
      return parsed;
    }),
    attributes: parseAttributes(fields.object("attributes")),
    targetGroups: fields.list("targetGroups", { min: 0, max: 100 }, (entry, path) => parseTargetGroup(entry, path)),
    listeners: fields.list("listeners", { min: 0, max: 50 }, (entry, path) => parseListener(entry, path)),
    control: { host: control.text("host"), port: control.integer("port", { min: 0, max: 65_535 }), token: control.text("token") },
  };
  control.end();
  fields.end();
  refuseTwice(
    config.targetGroups.map((group) => group.name),
    "targetGroups",
  );
  refuseTwice(
    config.listeners.filter((listener) => listener.port !== 0).map((listener) => String(listener.port)),
    "listeners",
  );
  return config;
}

function parseAttributes(fields: Fields): LoadBalancerAttributes {
  const attributes: LoadBalancerAttributes = {
    idleTimeoutMs: fields.integer("idleTimeoutMs", { min: 10, max: 4_000_000, fallback: 60_000 }),
    connectTimeoutMs: fields.integer("connectTimeoutMs", { min: 10, max: 60_000, fallback: 10_000 }),
    xffMode: fields.choice("xffMode", ["append", "preserve", "remove"], "append"),
    preserveHostHeader: fields.flag("preserveHostHeader", false),
    deregisterPropagationMs: fields.integer("deregisterPropagationMs", { min: 0, max: 300_000, fallback: 0 }),
    routesToInitial: fields.flag("routesToInitial", false),
  };
  fields.end();
  return attributes;
}

/** @throws AppError ALB_BAD_CONFIG */
export function parseTargetGroup(value: unknown, path: string): TargetGroupConfig {
  const fields = new Fields(value, path, BAD);
  const group: TargetGroupConfig = {
    name: fields.text("name"),
    healthCheck: parseHealthCheck(fields.object("healthCheck"), `${path}.healthCheck`),
    algorithm: fields.choice("algorithm", ["round_robin", "least_outstanding_requests", "weighted_random"], "round_robin"),
    crossZone: fields.flag("crossZone", true),
    deregistrationDelayMs: fields.integer("deregistrationDelayMs", { min: 0, max: 3_600_000, fallback: 300_000 }),
    slowStartMs: fields.integer("slowStartMs", { min: 0, max: 900_000, fallback: 0 }),
    minimumHealthyCount: fields.integer("minimumHealthyCount", { min: 1, max: 1000, fallback: 1 }),
    minimumHealthyPercentage: fields.integer("minimumHealthyPercentage", { min: 0, max: 100, fallback: 0 }),
    targets: fields.list("targets", { min: 0, max: 1000 }, parseTarget),
  };
  fields.end();
  if (group.slowStartMs > 0 && group.algorithm === "least_outstanding_requests") {
    throw new AppError(BAD, `${path}.slowStartMs: not with least_outstanding_requests; set it to 0 or use round_robin`);
  }
  refuseTwice(group.targets.map(targetKey), `${path}.targets`);
  return group;
}

/** @throws AppError ALB_BAD_CONFIG */
export function parseTarget(value: unknown, path: string): TargetConfig {
  const fields = new Fields(value, path, BAD);
  const target = { id: readAddress(fields, "id"), port: fields.integer("port", PORT), zone: fields.text("zone") };
  fields.end();
  return target;
}

function parseHealthCheck(fields: Fields, path: string): HealthCheckConfig {
  const check: HealthCheckConfig = {
    path: fields.text("path", "/"),
    port: fields.integer("port", { min: 0, max: 65_535, fallback: 0 }),
    intervalMs: fields.integer("intervalMs", { min: 10, max: 300_000, fallback: 30_000 }),
    timeoutMs: fields.integer("timeoutMs", { min: 10, max: 120_000, fallback: 5000 }),
    healthyThreshold: fields.integer("healthyThreshold", { min: 2, max: 10, fallback: 5 }),
    unhealthyThreshold: fields.integer("unhealthyThreshold", { min: 2, max: 10, fallback: 2 }),
    matcher: fields.text("matcher", "200"),
  };
  fields.end();
  if (check.timeoutMs > check.intervalMs) throw new AppError(BAD, `${path}.timeoutMs: must not be longer than intervalMs`);
  if (!check.path.startsWith("/")) throw new AppError(BAD, `${path}.path: must begin with /`);
  if (parseMatcher(check.matcher) === undefined) {
    throw new AppError(BAD, `${path}.matcher: must be codes or ranges from 200 to 499, such as 200,202 or 200-299; is ${check.matcher}`);
  }
  return check;
}

/** @throws AppError ALB_BAD_CONFIG */
export function parseListener(value: unknown, path: string): ListenerConfig {
  const fields = new Fields(value, path, BAD);
  const listener: ListenerConfig = {
    protocol: fields.choice("protocol", ["HTTP"], "HTTP"),
    port: fields.integer("port", { min: 0, max: 65_535 }),
    externalPort: fields.integer("externalPort", { min: 0, max: 65_535, fallback: 0 }),
    defaultAction: parseAction(fields.object("defaultAction"), `${path}.defaultAction`),
    rules: fields.list("rules", { min: 0, max: 100 }, parseRule),
  };
  fields.end();
  refuseTwice(
    listener.rules.map((rule) => String(rule.priority)),
    `${path}.rules`,
  );
  return listener;
}

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
  const limits = { min: 1, max: 3 };
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
function parseAction(fields: Fields, path: string): Action {
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
    query: fields.text("query", "#{query}"),
  } as const;
  const isUnchanged = [action.protocol, action.host, action.port, action.path].join(" ") === "#{protocol} #{host} #{port} /#{path}";
  if (isUnchanged) throw new AppError(BAD, `${path}: a redirect must change protocol, host, port or path, or it loops`);
  return action;
}

function parseFixedResponse(fields: Fields, path: string): Action {
  const statusCode = fields.integer("statusCode", { min: 200, max: 599 });
  if (statusCode >= 300 && statusCode < 400) throw new AppError(BAD, `${path}.statusCode: must be 2XX, 4XX or 5XX`);
  const messageBody = fields.has("messageBody") ? fields.text("messageBody") : "";
  if (messageBody.length > 1024) throw new AppError(BAD, `${path}.messageBody: has at most 1024 characters`);
  const contentType = fields.choice(
    "contentType",
    ["text/plain", "text/css", "text/html", "application/javascript", "application/json"],
    "text/plain",
  );
  return { type: "fixed-response", statusCode, contentType, messageBody };
}

function readAddress(fields: Fields, name: string): string {
  const address = fields.text(name);
  // The lab may send to this machine only: everything it listens on and everything it calls is in 127.0.0.0/8.
  if (isIPv4(address) && address.startsWith("127.")) return address;
  throw new AppError(BAD, `${fields.pathOf(name)}: must be an address of 127.0.0.0/8, is ${address}`);
}

function refuseTwice(names: readonly string[], path: string): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new AppError(BAD, `${path}: ${twice} is there twice`);
}
