import type { Resource } from "./resource.ts";

function kind(group: string, version: string, name: string, plural: string, namespaced = true): Resource {
  return Object.freeze({ group, version, kind: name, plural, namespaced });
}

/** The kinds this project works with, as the API addresses them. */
export const kinds = Object.freeze({
  pods: kind("", "v1", "Pod", "pods"),
  services: kind("", "v1", "Service", "services"),
  events: kind("", "v1", "Event", "events"),
  nodes: kind("", "v1", "Node", "nodes", false),
  namespaces: kind("", "v1", "Namespace", "namespaces", false),
  configMaps: kind("", "v1", "ConfigMap", "configmaps"),
  secrets: kind("", "v1", "Secret", "secrets"),
  deployments: kind("apps", "v1", "Deployment", "deployments"),
  replicaSets: kind("apps", "v1", "ReplicaSet", "replicasets"),
  statefulSets: kind("apps", "v1", "StatefulSet", "statefulsets"),
  daemonSets: kind("apps", "v1", "DaemonSet", "daemonsets"),
  jobs: kind("batch", "v1", "Job", "jobs"),
  cronJobs: kind("batch", "v1", "CronJob", "cronjobs"),
  podDisruptionBudgets: kind("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets"),
  endpointSlices: kind("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices"),
  ingresses: kind("networking.k8s.io", "v1", "Ingress", "ingresses"),
  ingressClasses: kind("networking.k8s.io", "v1", "IngressClass", "ingressclasses", false),
  leases: kind("coordination.k8s.io", "v1", "Lease", "leases"),
  routeGroups: kind("zalando.org", "v1", "RouteGroup", "routegroups"),
  customResourceDefinitions: kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", false),
});
