import { type ResourceType, type Subresource, collectionName } from "./resource-type.ts";
import { strategyFor } from "./strategies/index.ts";
import { printerFor } from "./printers.ts";
import type { BuiltinSchemas } from "./builtin-schema.ts";

interface Row {
  readonly group?: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly clusterScoped?: true;
  readonly subresources?: readonly Subresource[];
  readonly fields?: readonly string[];
  readonly notStored?: true;
}

const EVENT_FIELDS = ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"].map(
  (field) => `involvedObject.${field}`,
);

/** Short names, categories and field labels are those of kube-apiserver 1.36 (`kubectl api-resources -o wide`). */
const ROWS: readonly Row[] = [
  { kind: "ConfigMap", plural: "configmaps", shortNames: ["cm"] },
  { kind: "Endpoints", plural: "endpoints", shortNames: ["ep"] },
  {
    kind: "Event",
    plural: "events",
    shortNames: ["ev"],
    fields: [...EVENT_FIELDS, "reason", "reportingComponent", "source.component", "type"],
  },
  {
    kind: "Namespace",
    plural: "namespaces",
    shortNames: ["ns"],
    clusterScoped: true,
    subresources: ["status", "finalize"],
    fields: ["status.phase"],
  },
  { kind: "Node", plural: "nodes", shortNames: ["no"], clusterScoped: true, subresources: ["status"], fields: ["spec.unschedulable"] },
  {
    kind: "Pod",
    plural: "pods",
    shortNames: ["po"],
    categories: ["all"],
    subresources: ["status", "binding", "eviction", "log"],
    fields: [
      "spec.nodeName",
      "spec.restartPolicy",
      "spec.schedulerName",
      "spec.serviceAccountName",
      "spec.hostNetwork",
      "status.phase",
      "status.podIP",
      "status.nominatedNodeName",
    ],
  },
  { kind: "Secret", plural: "secrets", fields: ["type"] },
  { kind: "ServiceAccount", plural: "serviceaccounts", shortNames: ["sa"] },
  {
    kind: "Service",
    plural: "services",
    shortNames: ["svc"],
    categories: ["all"],
    subresources: ["status"],
    fields: ["spec.clusterIP", "spec.type"],
  },
  { group: "apps", kind: "DaemonSet", plural: "daemonsets", shortNames: ["ds"], categories: ["all"], subresources: ["status"] },
  {
    group: "apps",
    kind: "Deployment",
    plural: "deployments",
    shortNames: ["deploy"],
    categories: ["all"],
    subresources: ["status", "scale"],
  },
  {
    group: "apps",
    kind: "ReplicaSet",
    plural: "replicasets",
    shortNames: ["rs"],
    categories: ["all"],
    subresources: ["status", "scale"],
    fields: ["status.replicas"],
  },
  { group: "apps", kind: "ControllerRevision", plural: "controllerrevisions" },
  { group: "batch", kind: "CronJob", plural: "cronjobs", shortNames: ["cj"], categories: ["all"], subresources: ["status"] },
  { group: "batch", kind: "Job", plural: "jobs", categories: ["all"], subresources: ["status"], fields: ["status.successful"] },
  { group: "networking.k8s.io", kind: "Ingress", plural: "ingresses", shortNames: ["ing"], subresources: ["status"] },
  { group: "networking.k8s.io", kind: "IngressClass", plural: "ingressclasses", clusterScoped: true },
  { group: "discovery.k8s.io", kind: "EndpointSlice", plural: "endpointslices" },
  { group: "coordination.k8s.io", kind: "Lease", plural: "leases" },
  {
    group: "apiextensions.k8s.io",
    kind: "CustomResourceDefinition",
    plural: "customresourcedefinitions",
    shortNames: ["crd", "crds"],
    categories: ["api-extensions"],
    clusterScoped: true,
    subresources: ["status"],
  },
  {
    group: "authorization.k8s.io",
    kind: "SelfSubjectAccessReview",
    plural: "selfsubjectaccessreviews",
    clusterScoped: true,
    notStored: true,
  },
];

/** The kinds this server has without any CustomResourceDefinition. */
export function builtinKinds(schemas: BuiltinSchemas): readonly ResourceType[] {
  return ROWS.map((row) => typeOf(row, schemas));
}

function typeOf(row: Row, schemas: BuiltinSchemas): ResourceType {
  const group = row.group ?? "";
  const version = "v1";
  return {
    group,
    version,
    kind: row.kind,
    listKind: `${row.kind}List`,
    plural: row.plural,
    singular: row.kind.toLowerCase(),
    shortNames: row.shortNames ?? [],
    categories: row.categories ?? [],
    namespaced: row.clusterScoped !== true,
    subresources: row.subresources ?? [],
    collection: collectionName(group, row.plural),
    stored: row.notStored !== true,
    strategy: strategyFor(group, row.kind),
    printer: printerFor(group, row.kind),
    // The label "source" of events is the one that differs from the path of its field.
    selectableFields: new Map((row.fields ?? []).map((field) => [field === "source.component" ? "source" : field, field.split(".")])),
    schema: schemas.linked(group, version, row.kind),
    custom: undefined,
  };
}
