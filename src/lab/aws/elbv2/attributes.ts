import { AwsError } from "../wire/aws-error.ts";
import type { Fields } from "../wire/query-input.ts";
import { structures, text } from "../wire/inputs.ts";

/** What an attribute may be, and is when nobody set it (API reference, LoadBalancerAttribute, TargetGroupAttribute). */
export interface AttributeSpec {
  readonly fallback: string;
  readonly isGood: Pick<RegExp, "test">;
}

type Specs = Readonly<Record<string, AttributeSpec>>;

const FLAG = /^(true|false)$/;
const ANY = /^.*$/s;
/** A number in decimal; one of `words` instead. */
const between = (least: number, most: number, ...words: readonly string[]): AttributeSpec["isGood"] => ({
  test: (value) => words.includes(value) || (/^(0|[1-9]\d*)$/.test(value) && Number(value) >= least && Number(value) <= most),
});
const of = (fallback: string, isGood: AttributeSpec["isGood"]): AttributeSpec => ({ fallback, isGood });

const EVERY_LOAD_BALANCER: Specs = {
  "access_logs.s3.enabled": of("false", FLAG),
  "access_logs.s3.bucket": of("", ANY),
  "access_logs.s3.prefix": of("", ANY),
  "deletion_protection.enabled": of("false", FLAG),
};

export const loadBalancerAttributes: Readonly<Record<"application" | "network", Specs>> = {
  application: {
    ...EVERY_LOAD_BALANCER,
    "load_balancing.cross_zone.enabled": of("true", /^true$/),
    "idle_timeout.timeout_seconds": of("60", between(1, 4_000)),
    "client_keep_alive.seconds": of("3600", between(60, 604_800)),
    "routing.http2.enabled": of("true", FLAG),
    "routing.http.drop_invalid_header_fields.enabled": of("false", FLAG),
    "routing.http.desync_mitigation_mode": of("defensive", /^(monitor|defensive|strictest)$/),
    "routing.http.preserve_host_header.enabled": of("false", FLAG),
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": of("false", FLAG),
    "routing.http.xff_client_port.enabled": of("false", FLAG),
    "routing.http.xff_header_processing.mode": of("append", /^(append|preserve|remove)$/),
    "waf.fail_open.enabled": of("false", FLAG),
    "zonal_shift.config.enabled": of("false", FLAG),
    "connection_logs.s3.enabled": of("false", FLAG),
    "connection_logs.s3.bucket": of("", ANY),
    "connection_logs.s3.prefix": of("", ANY),
  },
  network: {
    ...EVERY_LOAD_BALANCER,
    "load_balancing.cross_zone.enabled": of("false", FLAG),
    "dns_record.client_routing_policy": of(
      "any_availability_zone",
      /^(any_availability_zone|availability_zone_affinity|partial_availability_zone_affinity)$/,
    ),
    "zonal_shift.config.enabled": of("false", FLAG),
  },
};

export const targetGroupAttributes: Specs = {
  "deregistration_delay.timeout_seconds": of("300", between(0, 3_600)),
  "deregistration_delay.connection_termination.enabled": of("false", FLAG),
  "stickiness.enabled": of("false", FLAG),
  "stickiness.type": of("lb_cookie", /^(lb_cookie|app_cookie|source_ip|source_ip_dest_ip|source_ip_dest_ip_proto)$/),
  "stickiness.lb_cookie.duration_seconds": of("86400", between(1, 604_800)),
  "stickiness.app_cookie.cookie_name": of("", ANY),
  "stickiness.app_cookie.duration_seconds": of("86400", between(1, 604_800)),
  "slow_start.duration_seconds": of("0", between(30, 900, "0")),
  "load_balancing.algorithm.type": of("round_robin", /^(round_robin|least_outstanding_requests|weighted_random)$/),
  "load_balancing.algorithm.anomaly_mitigation": of("off", /^(on|off)$/),
  "load_balancing.cross_zone.enabled": of("use_load_balancer_configuration", /^(true|false|use_load_balancer_configuration)$/),
  "preserve_client_ip.enabled": of("true", FLAG),
  "proxy_protocol_v2.enabled": of("false", FLAG),
  "target_group_health.dns_failover.minimum_healthy_targets.count": of("1", between(1, 1_000, "off")),
  "target_group_health.dns_failover.minimum_healthy_targets.percentage": of("off", between(1, 100, "off")),
  "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": of("1", between(1, 1_000)),
  "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": of("off", between(1, 100, "off")),
};

/** API reference, ListenerAttribute. Those of mutual TLS and of headers of answers are not here. */
export function listenerAttributes(protocol: string): Specs {
  if (protocol === "TCP") return { "tcp.idle_timeout.seconds": of("350", between(60, 6_000)) };
  return protocol.startsWith("HTTP") ? { "routing.http.response.server.enabled": of("true", FLAG) } : {};
}

/** What was set, with `input`'s Attributes set too. Throws AwsError `ValidationError`. */
export function changedAttributes(specs: Specs, before: ReadonlyMap<string, string>, input: Fields): ReadonlyMap<string, string> {
  const after = new Map(before);
  for (const attribute of structures(input, "Attributes") ?? []) {
    const key = text(attribute, "Key") ?? "";
    const value = text(attribute, "Value") ?? "";
    const spec = Object.hasOwn(specs, key) ? specs[key] : undefined;
    if (spec === undefined) throw new AwsError("ValidationError", `Attribute key '${key}' is not recognized`);
    if (!spec.isGood.test(value)) throw new AwsError("ValidationError", `Attribute value '${value}' of '${key}' is not valid`);
    after.set(key, value);
  }
  return after;
}

/** All attributes as an answer has them. */
export function shownAttributes(specs: Specs, set: ReadonlyMap<string, string>): readonly Fields[] {
  return Object.entries(specs).map(([key, { fallback }]) => ({ Key: key, Value: set.get(key) ?? fallback }));
}

/** The value of one. */
export function attributeOf(specs: Specs, set: ReadonlyMap<string, string>, key: string): string {
  return set.get(key) ?? specs[key]?.fallback ?? "";
}
