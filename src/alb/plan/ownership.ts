/** Tags that say whose something is. What lacks one of them, or has another value, is not ours, whatever its name. */
export const TAGS = Object.freeze({
  cluster: "holdfast.dev/cluster",
  controller: "holdfast.dev/controller",
  resource: "holdfast.dev/resource",
  /**
   * Of a load balancer whose deletion protection is ours: `wanted` from when it is made until protection is on, then `set`. Without this tag somebody else
   * decides about its protection, and it is never taken off; nor is it with `kept`, because an object asked for it.
   */
  protection: "holdfast.dev/deletion-protection",
  /** Of a load balancer that is being taken away; whoever finds it goes on, or takes it back. */
  removal: "holdfast.dev/removal",
});

export interface Ownership {
  readonly clusterId: string;
  /** Several controllers may share a cluster; each has an id of its own. */
  readonly controllerId: string;
}

/** `resource`: what it is to us, such as the name of the load balancer that should be. */
export function tagsFor({ clusterId, controllerId }: Ownership, resource: string): ReadonlyMap<string, string> {
  return new Map([
    [TAGS.cluster, clusterId],
    [TAGS.controller, controllerId],
    [TAGS.resource, resource],
    // Other tools of AWS and Kubernetes look for it.
    [`kubernetes.io/cluster/${clusterId}`, "owned"],
  ]);
}

/** What it is to us; undefined when it is not ours. */
export function ownedAs(tags: ReadonlyMap<string, string>, { clusterId, controllerId }: Ownership): string | undefined {
  if (tags.get(TAGS.cluster) !== clusterId || tags.get(TAGS.controller) !== controllerId) return undefined;
  return tags.get(TAGS.resource);
}

/** Whether a tag is one that others must leave alone. */
export function isOwnershipTag(key: string, { clusterId }: Pick<Ownership, "clusterId">): boolean {
  return key.startsWith("holdfast.dev/") || key.startsWith("aws:") || key === `kubernetes.io/cluster/${clusterId}`;
}

/** Whether deletion protection that is on is ours to take off. */
export function isProtectionOurs(tags: ReadonlyMap<string, string>): boolean {
  const tag = tags.get(TAGS.protection);
  return tag !== undefined && tag !== "kept";
}
