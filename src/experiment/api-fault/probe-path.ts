import type { Match } from "../fault-proxy/http/rule.ts";

/** Where the lists of common resources are. */
const LISTS: Readonly<Record<string, string>> = {
  ...under("/api/v1", ["configmaps", "endpoints", "events", "namespaces", "nodes", "pods", "secrets", "services"]),
  ...under("/apis/apps/v1", ["daemonsets", "deployments", "replicasets"]),
  ...under("/apis/batch/v1", ["cronjobs", "jobs"]),
  ...under("/apis/coordination.k8s.io/v1", ["leases"]),
  ...under("/apis/discovery.k8s.io/v1", ["endpointslices"]),
  ...under("/apis/networking.k8s.io/v1", ["ingresses", "networkpolicies"]),
  ...under("/apis/zalando.org/v1", ["routegroups"]),
};
/** Not clustered in namespaces. */
const OF_CLUSTER: ReadonlySet<string> = new Set(["namespaces", "nodes"]);

/** What a witness may GET that a rule about Kubernetes takes; `/version` where it is about nothing that is known. */
export function probePathFor({ resources, namespaces }: Match): string {
  const [resource = ""] = resources ?? [];
  const list = Object.hasOwn(LISTS, resource) ? LISTS[resource] : undefined;
  if (list === undefined) return "/version";
  const [namespace] = namespaces ?? [];
  const within = namespace === undefined || OF_CLUSTER.has(resource) ? "" : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${list}${within}/${resource}`;
}

function under(root: string, resources: readonly string[]): Record<string, string> {
  return Object.fromEntries(resources.map((resource) => [resource, root]));
}
