export { type Aws, type AwsOptions, type CallerIdentity, connectAws } from "./connect.ts";
export { type CallTimes, DEFAULT_CALL_TIMES } from "./calls.ts";
export type { ElbApi, ListenerSettings, NewLoadBalancer, NewTargetGroup } from "./elb-api.ts";
export type { HealthCheck, Listener, ListenerAction, LoadBalancer, Target, TargetGroup, TargetHealth } from "./elb-records.ts";
export type { CallClass, Effect } from "./governor.ts";
