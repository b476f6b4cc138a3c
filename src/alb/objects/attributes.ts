import type { LoadBalancerKind } from "../model/claim.ts";
import { annotationError, matching, oneOf, trueOrFalse, wholeNumber } from "./annotation-values.ts";

/** Checks one attribute's value; `place` names it in the error. */
type Check = (place: string, value: string) => unknown;

interface Attribute {
  /** Undefined: of both types. */
  readonly type?: LoadBalancerKind["type"];
  readonly check: Check;
}

const onOrOff: Check = trueOrFalse;
const number =
  (least: number, most: number): Check =>
  (place, value) =>
    wholeNumber(place, value, least, most);
const among =
  (...values: readonly string[]): Check =>
  (place, value) =>
    oneOf(place, value, values);
const offOr =
  (most: number): Check =>
  (place, value) =>
    value === "off" ? value : wholeNumber(place, value, 1, most);
const bucket: Check = (place, value) => matching(place, value, /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "the name of a bucket of S3");
const prefix: Check = (place, value) =>
  matching(place, value, /^(?!\/)(?!.*AWSLogs)[\x21-\x7E]{0,512}(?<!\/)$/, "a prefix without slashes at its ends");

const application = (check: Check): Attribute => ({ type: "application", check });
const network = (check: Check): Attribute => ({ type: "network", check });
const logs = (name: string, type?: LoadBalancerKind["type"]): readonly (readonly [string, Attribute])[] =>
  (
    [
      ["enabled", onOrOff],
      ["bucket", bucket],
      ["prefix", prefix],
    ] as const
  ).map(([key, check]) => [`${name}.s3.${key}`, type === undefined ? { check } : { type, check }]);

/** API reference, type LoadBalancerAttribute. */
const LOAD_BALANCER: ReadonlyMap<string, Attribute> = new Map<string, Attribute>([
  ["deletion_protection.enabled", { check: onOrOff }],
  ["load_balancing.cross_zone.enabled", { check: onOrOff }],
  ["ipv6.deny_all_igw_traffic", { check: onOrOff }],
  ["zonal_shift.config.enabled", { check: onOrOff }],
  ...logs("access_logs"),
  ...logs("connection_logs", "application"),
  ...logs("health_check_logs", "application"),
  ["idle_timeout.timeout_seconds", application(number(1, 4000))],
  ["client_keep_alive.seconds", application(number(60, 604_800))],
  ["routing.http2.enabled", application(onOrOff)],
  ["routing.http.desync_mitigation_mode", application(among("monitor", "defensive", "strictest"))],
  ["routing.http.drop_invalid_header_fields.enabled", application(onOrOff)],
  ["routing.http.preserve_host_header.enabled", application(onOrOff)],
  ["routing.http.x_amzn_tls_version_and_cipher_suite.enabled", application(onOrOff)],
  ["routing.http.xff_client_port.enabled", application(onOrOff)],
  ["routing.http.xff_header_processing.mode", application(among("append", "preserve", "remove"))],
  ["waf.fail_open.enabled", application(onOrOff)],
  [
    "dns_record.client_routing_policy",
    network(among("any_availability_zone", "availability_zone_affinity", "partial_availability_zone_affinity")),
  ],
  ["secondary_ips.auto_assigned.per_subnet", network(number(0, 7))],
]);

/** API reference, type TargetGroupAttribute. */
const TARGET_GROUP: ReadonlyMap<string, Attribute> = new Map<string, Attribute>([
  ["deregistration_delay.timeout_seconds", { check: number(0, 3600) }],
  ["load_balancing.cross_zone.enabled", { check: among("true", "false", "use_load_balancer_configuration") }],
  ["stickiness.enabled", { check: onOrOff }],
  ["stickiness.type", { check: among("lb_cookie", "app_cookie", "source_ip", "source_ip_dest_ip", "source_ip_dest_ip_proto") }],
  ["target_group_health.dns_failover.minimum_healthy_targets.count", { check: offOr(1000) }],
  ["target_group_health.dns_failover.minimum_healthy_targets.percentage", { check: offOr(100) }],
  ["target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", { check: number(1, 1000) }],
  ["target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", { check: offOr(100) }],
  ["load_balancing.algorithm.type", application(among("round_robin", "least_outstanding_requests", "weighted_random"))],
  ["load_balancing.algorithm.anomaly_mitigation", application(among("on", "off"))],
  ["slow_start.duration_seconds", application((place, value) => (value === "0" ? value : wholeNumber(place, value, 30, 900)))],
  ["stickiness.app_cookie.cookie_name", application((place, value) => matching(place, value, /^[\w.-]{1,128}$/, "the name of a cookie"))],
  ["stickiness.app_cookie.duration_seconds", application(number(1, 604_800))],
  ["stickiness.lb_cookie.duration_seconds", application(number(1, 604_800))],
  ["deregistration_delay.connection_termination.enabled", network(onOrOff)],
  ["preserve_client_ip.enabled", network(onOrOff)],
  ["proxy_protocol_v2.enabled", network(onOrOff)],
  ["target_health_state.unhealthy.connection_termination.enabled", network(onOrOff)],
  ["target_health_state.unhealthy.draining_interval_seconds", network(number(0, 360_000))],
]);

type Type = LoadBalancerKind["type"] | undefined;

/** Checks attributes of a load balancer of this type; of either when it is not known. Throws AppError `ALB_ANNOTATION`. */
export function checkLoadBalancerAttributes(key: string, attributes: ReadonlyMap<string, string>, type: Type): void {
  check(key, attributes, LOAD_BALANCER, type);
  for (const log of ["access_logs", "connection_logs", "health_check_logs"])
    if (attributes.get(`${log}.s3.enabled`) === "true" && !attributes.has(`${log}.s3.bucket`))
      throw annotationError(key, `${log}.s3.bucket=NAME beside ${log}.s3.enabled=true`, "no bucket");
}

/** As {@link checkLoadBalancerAttributes}, of the target group. */
export function checkTargetGroupAttributes(key: string, attributes: ReadonlyMap<string, string>, type: Type): void {
  check(key, attributes, TARGET_GROUP, type);
}

function check(key: string, attributes: ReadonlyMap<string, string>, known: ReadonlyMap<string, Attribute>, type: Type): void {
  for (const [name, value] of attributes) {
    const attribute = known.get(name);
    if (attribute === undefined)
      throw annotationError(key, `an attribute of AWS, such as ${[...known.keys()].slice(0, 3).join(", ")}`, name);
    if (type !== undefined && attribute.type !== undefined && attribute.type !== type)
      throw annotationError(key, `an attribute of ${type} load balancers, which ${name} is not`, `${name}=${value}`);
    attribute.check(`${key}, ${name}`, value);
  }
}
