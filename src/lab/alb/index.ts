export { type Failure, type FailurePhase } from "./accounting.ts";
export {
  groupsOf,
  type Action,
  type CertificateConfig,
  type Condition,
  type HealthCheckConfig,
  type HostConfig,
  type ListenerConfig,
  type ListenerTls,
  type LoadBalancerAttributes,
  type LoadBalancerConfig,
  type NodeConfig,
  type RuleConfig,
  type TargetConfig,
  type TargetGroupConfig,
} from "./config.ts";
export { LAB_FORWARDED_AT_HEADER, LAB_PHASE_HEADER, LAB_TARGET_HEADER } from "./headers.ts";
export { LoadBalancerHost } from "./host.ts";
export { type HostedLoadBalancer } from "./hosted.ts";
export { whenIdleConnectionsAreChecked } from "./idle-connections.ts";
export { type LoadBalancerDeps } from "./load-balancer.ts";
export { parseHostConfig } from "./parse-config.ts";
export { runAlb } from "./run.ts";
export { type AlbState, type TargetGroupState, type TargetState } from "./state.ts";
export { type TargetGroupSettings, type Transition } from "./target-group.ts";
