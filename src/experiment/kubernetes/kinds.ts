import { type Resource, kinds } from "../../kube/index.ts";

/** The kinds that experiments work with besides those of the product. */
export const experimentKinds = Object.freeze({
  ...kinds,
  statefulSets: resource("apps", "v1", "StatefulSet", "statefulsets"),
  networkPolicies: resource("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"),
});

function resource(group: string, version: string, kind: string, plural: string): Resource {
  return Object.freeze({ group, version, kind, plural, namespaced: true });
}
