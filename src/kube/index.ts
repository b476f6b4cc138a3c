export {
  type CallOptions,
  type DeleteOptions,
  KUBE_CLIENT_DEFAULTS,
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
export { type KubeList, type PoisonedItem, apiVersionOf, objectKey } from "./decode.ts";
export { type StatusAnswer, statusOf } from "./errors.ts";
export { inClusterConfig } from "./in-cluster.ts";
export { kinds } from "./kinds.ts";
export { loadKubeconfig } from "./kubeconfig.ts";
export { type KubeObject, type ObjectMeta, type Resource, collectionPath } from "./resource.ts";
export type { WatchEvent, WatchStream } from "./watch-stream.ts";
export { type EvidenceItem, type KubeEvidence, isOlderRevision } from "./evidence.ts";
export {
  type Reflector,
  type ReflectorDeps,
  type ReflectorOptions,
  type ReflectorState,
  type ReflectorStatus,
  REFLECTOR_DEFAULTS,
  createReflector,
} from "./reflector.ts";
