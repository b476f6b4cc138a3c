import { AwsError } from "../wire/aws-error.ts";
import type { Fields } from "../wire/query-input.ts";
import { flag, integer, text } from "../wire/inputs.ts";
import type { HealthCheckRecord, TargetGroupRecord } from "./records.ts";

/** What is so when nobody says otherwise (API reference, CreateTargetGroup). */
function defaults(protocol: string): HealthCheckRecord {
  const isHttp = protocol.startsWith("HTTP");
  return {
    protocol: isHttp ? protocol : "TCP",
    port: "traffic-port",
    isEnabled: true,
    path: isHttp ? "/" : undefined,
    intervalSeconds: 30,
    timeoutSeconds: isHttp ? 5 : 10,
    healthyThreshold: 5,
    unhealthyThreshold: 2,
    matcher: isHttp ? "200" : undefined,
  };
}

/** The health check that `input` asks for, where it is silent that of before. Throws AwsError `ValidationError`, `InvalidConfigurationRequest`. */
export function readHealthCheck(
  input: Fields,
  group: Pick<TargetGroupRecord, "protocol">,
  before: HealthCheckRecord | undefined,
): HealthCheckRecord {
  const known = before ?? defaults(group.protocol);
  const protocol = text(input, "HealthCheckProtocol") ?? known.protocol;
  const isHttp = protocol.startsWith("HTTP");
  const matcher = (input["Matcher"] as Fields | undefined)?.["HttpCode"] as string | undefined;
  const check: HealthCheckRecord = {
    protocol,
    port: text(input, "HealthCheckPort") ?? known.port,
    isEnabled: flag(input, "HealthCheckEnabled") ?? known.isEnabled,
    path: isHttp ? (text(input, "HealthCheckPath") ?? known.path ?? "/") : undefined,
    intervalSeconds: integer(input, "HealthCheckIntervalSeconds") ?? known.intervalSeconds,
    timeoutSeconds: integer(input, "HealthCheckTimeoutSeconds") ?? known.timeoutSeconds,
    healthyThreshold: integer(input, "HealthyThresholdCount") ?? known.healthyThreshold,
    unhealthyThreshold: integer(input, "UnhealthyThresholdCount") ?? known.unhealthyThreshold,
    matcher: isHttp ? (matcher ?? known.matcher ?? "200") : undefined,
  };
  if (check.port !== "traffic-port" && !/^([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$/.test(check.port))
    throw new AwsError("ValidationError", `Health check port '${check.port}' must be a port from 1 to 65535 or 'traffic-port'`);
  if (check.timeoutSeconds >= check.intervalSeconds)
    throw new AwsError("ValidationError", "Health check interval must be greater than the timeout.");
  if (check.path?.startsWith("/") === false) throw new AwsError("ValidationError", `Health check path '${check.path}' must begin with '/'`);
  if (check.matcher !== undefined && !/^\d{3}(-\d{3})?(,\d{3}(-\d{3})?)*$/.test(check.matcher))
    throw new AwsError(
      "ValidationError",
      `Health check matcher HTTP code '${check.matcher}' must be codes or ranges such as 200,202 or 200-299`,
    );
  return check;
}

export function shownHealthCheck(check: HealthCheckRecord): Fields {
  return {
    HealthCheckProtocol: check.protocol,
    HealthCheckPort: check.port,
    HealthCheckEnabled: check.isEnabled,
    HealthCheckIntervalSeconds: check.intervalSeconds,
    HealthCheckTimeoutSeconds: check.timeoutSeconds,
    HealthyThresholdCount: check.healthyThreshold,
    UnhealthyThresholdCount: check.unhealthyThreshold,
    ...(check.path === undefined ? {} : { HealthCheckPath: check.path }),
    ...(check.matcher === undefined ? {} : { Matcher: { HttpCode: check.matcher } }),
  };
}
