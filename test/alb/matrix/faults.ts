import type { Fault } from "../../../src/lab/aws/faults/fault.ts";

/** A kind of fault as a column of the table. */
export interface FaultColumn {
  readonly name: string;
  readonly of: "reads" | "writes" | "all";
  /** Undefined where the action has nothing that this could spoil. */
  readonly faultFor: (action: string) => Fault | undefined;
}

/** A field that must be there, of the answers that are read. */
const FIELDS: Readonly<Record<string, string>> = {
  DescribeLoadBalancers: "DNSName",
  DescribeTargetGroups: "TargetGroupArn",
  DescribeListeners: "Protocol",
  DescribeListenerCertificates: "CertificateArn",
  DescribeTags: "Key",
  DescribeTargetHealth: "Target",
  DescribeLoadBalancerAttributes: "Key",
  DescribeTargetGroupAttributes: "Key",
  DescribeAutoScalingGroups: "Instances",
  DescribeLoadBalancerTargetGroups: "State",
  DescribeSubnets: "AvailabilityZone",
  DescribeSecurityGroups: "GroupId",
  DescribeVpcs: "VpcId",
  DescribeRouteTables: "Routes",
  DescribeInstances: "State",
  ListCertificates: "CertificateArn",
  DescribeCertificate: "SubjectAlternativeNames",
  GetCallerIdentity: "Account",
  CreateLoadBalancer: "LoadBalancerArn",
  CreateTargetGroup: "TargetGroupArn",
  CreateListener: "ListenerArn",
  CreateSecurityGroup: "GroupId",
};

const QUOTAS: Readonly<Record<string, string>> = {
  CreateLoadBalancer: "TooManyLoadBalancers",
  CreateTargetGroup: "TooManyTargetGroups",
  CreateListener: "TooManyListeners",
  AddListenerCertificates: "TooManyCertificates",
  RegisterTargets: "TooManyTargets",
  CreateSecurityGroup: "SecurityGroupLimitExceeded",
  AttachLoadBalancerTargetGroups: "LimitExceeded",
};

const all = (name: string, fault: Fault): FaultColumn => ({ name, of: "all", faultFor: () => fault });
const reads = (name: string, fault: Fault): FaultColumn => ({ name, of: "reads", faultFor: () => fault });
const writes = (name: string, fault: Fault): FaultColumn => ({ name, of: "writes", faultFor: () => fault });

export const faultColumns: readonly FaultColumn[] = [
  all("throttle", { kind: "throttle" }),
  all("500", { kind: "error", status: 500, code: "InternalFailure" }),
  all("503", { kind: "error", status: 503, code: "ServiceUnavailable" }),
  all("denied", { kind: "error", status: 403, code: "AccessDenied", message: "is not authorized to perform" }),
  all("expired", { kind: "error", status: 403, code: "ExpiredToken", message: "The security token included in the request is expired" }),
  all("reset", { kind: "reset" }),
  all("hang", { kind: "hang" }),
  writes("lost", { kind: "lose-answer" }),
  writes("fail-after", { kind: "fail-after" }),
  writes("no-effect", { kind: "no-effect" }),
  { name: "quota", of: "writes", faultFor: (action) => quotaFault(QUOTAS[action]) },
  reads("stale", { kind: "stale", ageMs: 20 * 60_000 }),
  reads("empty", { kind: "short-list", keep: "none" }),
  reads("half", { kind: "short-list", keep: "half" }),
  reads("no-list", { kind: "no-list" }),
  reads("phantom", { kind: "phantom" }),
  reads("same-token", { kind: "same-token" }),
  all("enum", { kind: "unknown-enum" }),
  {
    name: "field",
    of: "all",
    faultFor: (action) => (FIELDS[action] === undefined ? undefined : { kind: "missing-field", field: FIELDS[action] }),
  },
  all("body-empty", { kind: "body", body: "empty" }),
  all("html", { kind: "body", body: "html" }),
  all("truncated", { kind: "body", body: "truncated" }),
  all("json-{}", { kind: "body", body: "json-object" }),
  all("other", { kind: "body", body: "other-action" }),
];

function quotaFault(code: string | undefined): Fault | undefined {
  return code === undefined ? undefined : { kind: "error", status: 400, code, message: "The maximum number has been reached" };
}
