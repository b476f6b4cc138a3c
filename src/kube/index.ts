export {
  type CallOptions,
  type DeleteOptions,
  type KubeClient,
  type KubeClientDeps,
  type KubeClientOptions,
  type ListOptions,
  type ObjectRef,
  type Patch,
  type PathRequest,
  type SelectOptions,
  type WatchOptions,
  type WriteOptions,
} from "./client-api.ts";
export { createKubeClient } from "./client.ts";
export type { ClusterConfig, Credentials } from "./cluster-config.ts";
export { type KubeList, type PoisonedItem, objectKey } from "./decode.ts";
export { type StatusAnswer, statusOf } from "./errors.ts";
export { type Heartbeat, type HeartbeatOptions, createHeartbeat } from "./heartbeat.ts";
export { inClusterConfig } from "./in-cluster.ts";
export { kinds } from "./kinds.ts";
export { type Leader, createLeader, leaseTimes } from "./lease/leader.ts";
export {
  type LabelSelector,
  type LabelTest,
  matchesLabels,
  matchesSelector,
  meetsRequirement,
  parseLabelSelector,
} from "./label-selector.ts";
export { loadKubeconfig } from "./kubeconfig.ts";
export type { KubeObject, ObjectMeta, Resource } from "./resource.ts";
export type { WatchEvent, WatchStream } from "./watch-stream.ts";
export type { EvidenceItem, KubeEvidence } from "./evidence.ts";
export type { Reflector, ReflectorDeps, ReflectorOptions, ReflectorState, ReflectorStatus } from "./reflector-api.ts";
export { createReflector } from "./reflector.ts";
