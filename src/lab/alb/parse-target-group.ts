import { AppError } from "../../kernel/index.ts";
import { Fields } from "../control/index.ts";
import { BAD, readAddress, refuseTwice } from "./config-fields.ts";
import { targetKey, type HealthCheckConfig, type TargetConfig, type TargetGroupConfig } from "./config.ts";
import { parseMatcher } from "./matcher.ts";

const PORT = { min: 1, max: 65_535 } as const;

/** @throws AppError ALB_BAD_CONFIG */
export function parseTargetGroup(value: unknown, path: string): TargetGroupConfig {
  const fields = new Fields(value, path, BAD);
  const group: TargetGroupConfig = {
    name: fields.text("name"),
    protocol: fields.choice("protocol", ["HTTP", "HTTPS", "TCP", "TLS"], "HTTP"),
    healthCheck: parseHealthCheck(fields.object("healthCheck"), `${path}.healthCheck`),
    algorithm: fields.choice("algorithm", ["round_robin", "least_outstanding_requests", "weighted_random"], "round_robin"),
    crossZone: fields.flag("crossZone", true),
    deregistrationDelayMs: fields.integer("deregistrationDelayMs", { min: 0, max: 3_600_000, fallback: 300_000 }),
    cutsAtDelayEnd: fields.flag("cutsAtDelayEnd", true),
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
    protocol: fields.choice("protocol", ["HTTP", "HTTPS", "TCP"], "HTTP"),
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
