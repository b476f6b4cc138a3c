import { Fields } from "../../ingress/index.ts";
import type { KubeObject } from "../../kube/index.ts";

/** The field of `status.loadBalancer` in which a kind lists load balancers; RouteGroup has a name of its own for it (routegroup-client, type RouteGroupLoadBalancerStatus). */
export function statusField(kind: string): "ingress" | "routegroup" {
  return kind === "RouteGroup" ? "routegroup" : "ingress";
}

/** The host names in the status of an Ingress or RouteGroup, lower case, sorted. Throws AppError `INGRESS_FIELD`. */
export function readStatusHosts(object: KubeObject): readonly string[] {
  const status = new Fields(object, "").optionalObject("status")?.optionalObject("loadBalancer");
  const hosts = status?.list(statusField(object.kind), (item, path) => new Fields(item, path).optionalString("hostname") ?? "") ?? [];
  return [...new Set(hosts.map((host) => host.toLowerCase()))].filter((host) => host !== "").toSorted();
}
