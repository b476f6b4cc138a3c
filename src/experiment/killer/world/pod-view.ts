import { isRecord } from "../../../kernel/index.ts";
import { type KubeObject, objectKey } from "../../../kube/index.ts";

/** A pod as far as the killer looks at it. */
export interface PodView {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Kinds of all its owners. */
  readonly ownerKinds: readonly string[];
  /** What made it and would make it again; undefined when nothing would. */
  readonly controller: { readonly kind: string; readonly name: string; readonly uid: string } | undefined;
  readonly phase: string;
  readonly isReady: boolean;
  readonly isTerminating: boolean;
  /** Of the kubelet's own (static pods): the API server only mirrors them. */
  readonly isMirror: boolean;
  /** NaN when the server does not say. */
  readonly createdMs: number;
}

export function viewPod(pod: KubeObject): PodView {
  const { metadata } = pod;
  const status = recordAt(pod, "status");
  const owners = metadata.ownerReferences ?? [];
  const controller = owners.find((owner) => owner.controller === true);
  return {
    key: objectKey(metadata),
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    uid: metadata.uid ?? "",
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    ownerKinds: owners.map(({ kind }) => kind),
    controller: controller === undefined ? undefined : { kind: controller.kind, name: controller.name, uid: controller.uid },
    phase: typeof status["phase"] === "string" ? status["phase"] : "Unknown",
    isReady: isReady(status["conditions"]),
    isTerminating: metadata.deletionTimestamp !== undefined,
    isMirror: metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined,
    createdMs: Date.parse(metadata.creationTimestamp ?? ""),
  };
}

function isReady(conditions: unknown): boolean {
  return Array.isArray(conditions) && conditions.some((each) => isRecord(each) && each["type"] === "Ready" && each["status"] === "True");
}

/** A field of an object that is one itself; what is not is an empty one. */
export function recordAt(object: object, field: string): Readonly<Record<string, unknown>> {
  const value: unknown = Object.hasOwn(object, field) ? (object as Record<string, unknown>)[field] : undefined;
  return isRecord(value) ? value : {};
}
