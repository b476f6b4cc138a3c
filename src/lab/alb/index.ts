export { type Failure, type FailurePhase } from "./accounting.ts";
export {
  type Action,
  type AlbConfig,
  type Condition,
  type HealthCheckConfig,
  type ListenerConfig,
  type LoadBalancerAttributes,
  type NodeConfig,
  type RuleConfig,
  type TargetConfig,
  type TargetGroupConfig,
} from "./config.ts";
export { LAB_FORWARDED_AT_HEADER, LAB_PHASE_HEADER, LAB_TARGET_HEADER } from "./headers.ts";
export { whenIdleConnectionsAreChecked } from "./idle-connections.ts";
export { LoadBalancer, type LoadBalancerDeps } from "./load-balancer.ts";
export { parseAlbConfig } from "./parse-config.ts";
export { runAlb } from "./run.ts";
export { type AlbState, type TargetGroupState, type TargetState } from "./state.ts";
export { type TargetGroupSettings, type Transition } from "./target-group.ts";
