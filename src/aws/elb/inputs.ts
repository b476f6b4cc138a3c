import type * as sdk from "@aws-sdk/client-elastic-load-balancing-v2";
import { assertNever } from "../../kernel/index.ts";
import type { ActionSettings, HealthCheck, HostRule, ListenerSettings, Target } from "./records.ts";

/** Tags and attributes have the same form. */
export function tagList(tags: ReadonlyMap<string, string>): { Key: string; Value: string }[] {
  return [...tags].map(([Key, Value]) => ({ Key, Value }));
}

export function certificateList(arns: readonly string[]): sdk.Certificate[] {
  return arns.map((CertificateArn) => ({ CertificateArn }));
}

export function targetList(targets: readonly Target[]): sdk.TargetDescription[] {
  return targets.map(({ id, port, zone }) => ({ Id: id, Port: port, ...(zone === undefined ? {} : { AvailabilityZone: zone }) }));
}

export function listenerInput({
  port,
  protocol,
  sslPolicy,
  certificate,
  actions,
}: ListenerSettings): Pick<sdk.CreateListenerInput, "Port" | "Protocol" | "SslPolicy" | "Certificates" | "DefaultActions"> {
  return {
    Port: port,
    Protocol: protocol as sdk.ProtocolEnum,
    ...(sslPolicy === undefined ? {} : { SslPolicy: sslPolicy }),
    ...(certificate === undefined ? {} : { Certificates: certificateList([certificate]) }),
    DefaultActions: actionList(actions),
  };
}

export function hostRuleInput({ hosts, action }: HostRule): Pick<sdk.CreateRuleInput, "Actions" | "Conditions"> {
  return { Conditions: [{ Field: "host-header", HostHeaderConfig: { Values: [...hosts] } }], Actions: actionList([action]) };
}

export function actionList(actions: readonly ActionSettings[]): sdk.Action[] {
  return actions.map((action): sdk.Action => {
    switch (action.type) {
      case "forward": {
        const groups = action.groups.map(({ arn, weight }) => ({ TargetGroupArn: arn, Weight: weight }));
        const [only] = action.groups;
        // Network load balancers take one group, without a weight.
        if (only !== undefined && groups.length === 1) return { Type: "forward", TargetGroupArn: only.arn };
        return { Type: "forward", ForwardConfig: { TargetGroups: groups } };
      }
      case "redirect":
        return {
          Type: "redirect",
          RedirectConfig: { Protocol: action.protocol, Port: String(action.port), StatusCode: action.status },
        };
      case "fixed-response":
        return {
          Type: "fixed-response",
          FixedResponseConfig: { StatusCode: action.status, ContentType: action.contentType, MessageBody: action.body },
        };
      default:
        return assertNever(action);
    }
  });
}

export function healthCheckInput(check: HealthCheck): Partial<sdk.CreateTargetGroupInput> {
  return {
    HealthCheckProtocol: check.protocol as sdk.ProtocolEnum,
    HealthCheckPort: check.port,
    HealthCheckIntervalSeconds: check.intervalSeconds,
    HealthCheckTimeoutSeconds: check.timeoutSeconds,
    HealthyThresholdCount: check.healthyThreshold,
    UnhealthyThresholdCount: check.unhealthyThreshold,
    ...(check.path === undefined ? {} : { HealthCheckPath: check.path }),
    ...(check.matcher === undefined ? {} : { Matcher: { HttpCode: check.matcher } }),
  };
}
