export type { AcmApi } from "./acm/acm-api.ts";
export type { AttachedTargetGroup, AutoScalingApi, AutoScalingGroup, AutoScalingMember } from "./autoscaling/autoscaling-api.ts";
export type { CallTimes } from "./calls.ts";
export type { CertificateRecord, Certificates } from "./certificate-record.ts";
export type { CloudWatchApi, TimeWindow, Traffic } from "./cloudwatch/cloudwatch-api.ts";
export { type Aws, type AwsOptions, type CallerIdentity, connectAws } from "./connect.ts";
export type { Ec2Api } from "./ec2/ec2-api.ts";
export type {
  Filters,
  IngressPermission,
  Instance,
  NewSecurityGroup,
  RouteTable,
  SecurityGroup,
  Subnet,
  TcpIngress,
  Vpc,
} from "./ec2/records.ts";
export type { ElbApi } from "./elb/elb-api.ts";
export type {
  ActionSettings,
  HealthCheck,
  HostRule,
  Listener,
  ListenerAction,
  ListenerSettings,
  LoadBalancer,
  NewLoadBalancer,
  NewTargetGroup,
  Rule,
  Target,
  TargetGroup,
  TargetHealth,
} from "./elb/records.ts";
export type { CallClass, Effect } from "./governor.ts";
export type { IamApi } from "./iam/iam-api.ts";
export type { WafApi } from "./wafv2/waf-api.ts";
