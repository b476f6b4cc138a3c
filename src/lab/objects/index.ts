// The kinds that the lab's scheduler, controllers and kubelets work with: of each, the fields that they read or write, and what
// Kubernetes says of them. The API server has validated what it hands out; fields that it may leave out are optional here all the same.

export { findCondition, withCondition } from "./conditions.ts";
export { type ConfigData } from "./config-data.ts";
export {
  type Container,
  type ContainerState,
  type ContainerStateTerminated,
  type ContainerStatus,
  type EnvVar,
  type HttpGetAction,
  type Probe,
} from "./container.ts";
export { type Condition, type LabelSelector, type Labels } from "./metadata.ts";
export { type Lease, type Node, type Taint } from "./node.ts";
export { matchesNode, onlyNodeOf, repellingTaint } from "./node-fit.ts";
export { type KeyToPath, type Pod, type PodSpec, type PodStatus, type PodTemplate, type Toleration, type Volume } from "./pod.ts";
export { isPodActive, isPodAvailable, isPodFinished, isPodReady } from "./pod-state.ts";
export { parseQuantity } from "./quantity.ts";
export { type EndpointPort, type EndpointSlice, type Service, type SliceEndpoint } from "./services.ts";
export { tolerates, untoleratedTaint } from "./taints.ts";
export { toMicroTime, toTime } from "./times.ts";
export { type CronJob, type DaemonSet, type Deployment, type Job, type ReplicaSet } from "./workloads.ts";
