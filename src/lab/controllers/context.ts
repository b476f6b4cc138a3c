import type { Clock, Random } from "../../kernel/index.ts";
import { type KubeClient, type KubeObject, kinds } from "../../kube/index.ts";
import type { Log } from "../../telemetry/index.ts";
import { type EventRecorder, type Informer, createInformer } from "../machinery/index.ts";
import type { CronJob, DaemonSet, Deployment, EndpointSlice, Job, Lease, Node, Pod, ReplicaSet, Service } from "../objects/index.ts";
import type { ControllersSettings } from "./config.ts";

/** The copies that all controllers share. */
export interface Caches {
  readonly pods: Informer<Pod>;
  readonly replicaSets: Informer<ReplicaSet>;
  readonly deployments: Informer<Deployment>;
  readonly daemonSets: Informer<DaemonSet>;
  readonly jobs: Informer<Job>;
  readonly cronJobs: Informer<CronJob>;
  readonly services: Informer<Service>;
  readonly endpointSlices: Informer<EndpointSlice>;
  readonly nodes: Informer<Node>;
  readonly leases: Informer<Lease>;
  readonly namespaces: Informer<KubeObject>;
}

/** What every controller is given. */
export interface ControllerContext {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly events: EventRecorder;
  readonly settings: ControllersSettings;
  readonly caches: Caches;
}

type OwnerReference = NonNullable<KubeObject["metadata"]["ownerReferences"]>[number];

/** The owner that manages `object`, if one does. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find(({ controller }) => controller === true);
}

/** The key of the object of `kind` that controls this one; undefined when none does. */
export function ownerKeyOf(object: KubeObject, kind: string): string | undefined {
  const owner = controllerOf(object);
  return owner?.kind === kind ? `${object.metadata.namespace ?? ""}/${owner.name}` : undefined;
}

/** `ownerReferences` of something that `owner` manages. */
export function ownedBy(owner: KubeObject): OwnerReference[] {
  const { name, uid = "" } = owner.metadata;
  return [{ apiVersion: owner.apiVersion, kind: owner.kind, name, uid, controller: true, blockOwnerDeletion: true }];
}

const byOwner = {
  owner: (object: KubeObject): readonly string[] => (object.metadata.ownerReferences ?? []).map(({ uid }) => uid),
  namespace: (object: KubeObject): readonly string[] => [object.metadata.namespace ?? ""],
};

/** One copy of each kind; not started. */
export function createCaches(deps: {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}): Caches {
  const make = <T extends KubeObject>(resource: (typeof kinds)[keyof typeof kinds]): Informer<T> =>
    createInformer<T>({ resource, indexes: byOwner }, deps);
  const podIndexes = { ...byOwner, node: (pod: Pod): readonly string[] => [pod.spec.nodeName ?? ""] };
  return {
    pods: createInformer<Pod>({ resource: kinds.pods, indexes: podIndexes }, deps),
    replicaSets: make(kinds.replicaSets),
    deployments: make(kinds.deployments),
    daemonSets: make(kinds.daemonSets),
    jobs: make(kinds.jobs),
    cronJobs: make(kinds.cronJobs),
    services: make(kinds.services),
    endpointSlices: make(kinds.endpointSlices),
    nodes: make(kinds.nodes),
    leases: make(kinds.leases),
    namespaces: make(kinds.namespaces),
  };
}
