import type { AnswerFields } from "../answer-fields.ts";
import type { HealthCheck, Listener, ListenerAction, LoadBalancer, TargetGroup, TargetHealth } from "./records.ts";

export function readLoadBalancer(fields: AnswerFields): LoadBalancer {
  return {
    arn: fields.text("LoadBalancerArn"),
    name: fields.text("LoadBalancerName"),
    dnsName: fields.text("DNSName"),
    createdAtMs: fields.time("CreatedTime"),
    type: fields.text("Type"),
    scheme: fields.text("Scheme"),
    vpcId: fields.text("VpcId"),
    ipAddressType: fields.text("IpAddressType"),
    state: fields.structure("State").text("Code"),
    subnets: fields.list("AvailabilityZones", (zone) => ({ id: zone.text("SubnetId"), zone: zone.text("ZoneName") })),
    // A network load balancer may have none, and AWS then leaves the list out.
    securityGroups: fields.has("SecurityGroups") ? fields.texts("SecurityGroups") : [],
  };
}

export function readTargetGroup(fields: AnswerFields): TargetGroup {
  return { ...readNewTargetGroup(fields), loadBalancerArns: fields.texts("LoadBalancerArns") };
}

/** One that was made just now: the answer leaves out the load balancers that it has not got yet (API reference, example of CreateTargetGroup). */
export function readNewTargetGroup(fields: AnswerFields): TargetGroup {
  return {
    arn: fields.text("TargetGroupArn"),
    name: fields.text("TargetGroupName"),
    protocol: fields.text("Protocol"),
    protocolVersion: fields.optionalText("ProtocolVersion"),
    port: fields.number("Port"),
    vpcId: fields.text("VpcId"),
    targetType: fields.text("TargetType"),
    ipAddressType: fields.optionalText("IpAddressType"),
    healthCheck: readHealthCheck(fields),
    loadBalancerArns: fields.textsOrEmpty("LoadBalancerArns"),
  };
}

function readHealthCheck(fields: AnswerFields): HealthCheck {
  return {
    protocol: fields.text("HealthCheckProtocol"),
    port: fields.text("HealthCheckPort"),
    path: fields.optionalText("HealthCheckPath"),
    intervalSeconds: fields.number("HealthCheckIntervalSeconds"),
    timeoutSeconds: fields.number("HealthCheckTimeoutSeconds"),
    healthyThreshold: fields.number("HealthyThresholdCount"),
    unhealthyThreshold: fields.number("UnhealthyThresholdCount"),
    matcher: fields.has("Matcher") ? fields.structure("Matcher").optionalText("HttpCode") : undefined,
  };
}

export function readListener(fields: AnswerFields): Listener {
  const [certificate] = fields.has("Certificates") ? fields.list("Certificates", (one) => one.text("CertificateArn")) : [];
  return {
    arn: fields.text("ListenerArn"),
    loadBalancerArn: fields.text("LoadBalancerArn"),
    port: fields.number("Port"),
    protocol: fields.text("Protocol"),
    sslPolicy: fields.optionalText("SslPolicy"),
    defaultCertificate: certificate,
    defaultActions: fields.list("DefaultActions", readAction),
  };
}

function readAction(fields: AnswerFields): ListenerAction {
  return {
    type: fields.text("Type"),
    groups: forwardedTo(fields),
    redirect: textsOf(fields, "RedirectConfig"),
    fixedResponse: textsOf(fields, "FixedResponseConfig"),
  };
}

function forwardedTo(fields: AnswerFields): ListenerAction["groups"] {
  if (fields.has("ForwardConfig"))
    return fields
      .structure("ForwardConfig")
      .list("TargetGroups", (group) => ({ arn: group.text("TargetGroupArn"), weight: group.optionalNumber("Weight") ?? 1 }));
  const single = fields.optionalText("TargetGroupArn");
  return single === undefined ? [] : [{ arn: single, weight: 1 }];
}

function textsOf(fields: AnswerFields, name: string): Readonly<Record<string, string>> | undefined {
  const value = fields.raw(name);
  if (typeof value !== "object" || value === null) return undefined;
  return Object.fromEntries(Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === "string"));
}

export function readTargetHealth(fields: AnswerFields): TargetHealth {
  const target = fields.structure("Target");
  const health = fields.structure("TargetHealth");
  return {
    id: target.text("Id"),
    port: target.number("Port"),
    zone: target.optionalText("AvailabilityZone"),
    state: health.text("State"),
    reason: health.optionalText("Reason"),
    description: health.optionalText("Description"),
  };
}
