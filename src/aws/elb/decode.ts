import type { AnswerFields } from "../answer-fields.ts";
import type { HealthCheck, Listener, ListenerAction, LoadBalancer, Rule, TargetGroup, TargetHealth } from "./records.ts";

export function readLoadBalancer(fields: AnswerFields): LoadBalancer {
  const type = fields.text("Type");
  // Nobody calls it by a name (reference of the AWS CLI, example of create-load-balancer).
  const isNameless = type === "gateway";
  return {
    arn: fields.text("LoadBalancerArn"),
    name: fields.text("LoadBalancerName"),
    dnsName: isNameless ? "" : fields.text("DNSName"),
    createdAtMs: fields.time("CreatedTime"),
    type,
    scheme: isNameless ? "" : fields.text("Scheme"),
    vpcId: fields.text("VpcId"),
    ipAddressType: isNameless ? "" : fields.text("IpAddressType"),
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
  const targetType = fields.text("TargetType");
  // It is in no network (reference of the AWS CLI, example of create-target-group).
  const isFunction = targetType === "lambda";
  return {
    arn: fields.text("TargetGroupArn"),
    name: fields.text("TargetGroupName"),
    protocol: isFunction ? "" : fields.text("Protocol"),
    protocolVersion: fields.optionalText("ProtocolVersion"),
    port: isFunction ? 0 : fields.number("Port"),
    vpcId: isFunction ? "" : fields.text("VpcId"),
    targetType,
    ipAddressType: fields.optionalText("IpAddressType"),
    healthCheck: readHealthCheck(fields, isFunction),
    loadBalancerArns: fields.textsOrEmpty("LoadBalancerArns"),
  };
}

function readHealthCheck(fields: AnswerFields, isFunction: boolean): HealthCheck {
  return {
    protocol: isFunction ? "" : fields.text("HealthCheckProtocol"),
    port: isFunction ? "" : fields.text("HealthCheckPort"),
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

export function readRule(fields: AnswerFields): Rule {
  return {
    arn: fields.text("RuleArn"),
    priority: fields.flag("IsDefault") ? undefined : Number(fields.text("Priority")),
    conditions: fields.list("Conditions", (condition) => ({
      field: condition.text("Field"),
      values: condition.has("HostHeaderConfig")
        ? condition.structure("HostHeaderConfig").texts("Values")
        : condition.textsOrEmpty("Values"),
    })),
    actions: fields.list("Actions", readAction),
  };
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
