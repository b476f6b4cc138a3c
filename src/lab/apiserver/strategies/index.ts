import {
  type JsonObject,
  arrayAt,
  ensureObject,
  isObject,
  metadataOf,
  nameOf,
  numberAt,
  objectAt,
  setDefault,
  stringAt,
  textOf,
} from "../json.ts";
import type { Strategy } from "../resource-type.ts";
import { type Cause, invalidValue, required } from "../status.ts";
import { definitionStrategy } from "./definition.ts";
import { endpointSliceStrategy, ingressClassStrategy, ingressStrategy, serviceStrategy } from "./network.ts";
import { podStrategy } from "./pod.ts";
import { cronJobStrategy, daemonSetStrategy, deploymentStrategy, jobStrategy, replicaSetStrategy } from "./workload.ts";

const namespaceStrategy: Strategy = {
  prepareCreate(namespace) {
    namespace["spec"] = { finalizers: ["kubernetes"] };
    namespace["status"] = { phase: "Active" };
  },
  prepareUpdate(namespace, old) {
    namespace["spec"] = objectAt(old, "spec") ?? {};
  },
  applyDefaults(namespace) {
    ensureObject(metadataOf(namespace), "labels")["kubernetes.io/metadata.name"] = nameOf(namespace);
  },
};

const KEY = /^[-._a-zA-Z0-9]{1,253}$/;
const DATA_LIMIT_BYTES = 1024 * 1024;

function validateData(object: JsonObject): Cause[] {
  const causes: Cause[] = [];
  let bytes = 0;
  for (const field of ["data", "binaryData"]) {
    for (const [key, value] of Object.entries(objectAt(object, field) ?? {})) {
      if (!KEY.test(key))
        causes.push(invalidValue(`${field}[${key}]`, key, "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"));
      bytes += typeof value === "string" ? Buffer.byteLength(value) : 0;
    }
  }
  if (bytes > DATA_LIMIT_BYTES)
    causes.push({ reason: "FieldValueTooLong", message: `Too long: may not be more than ${DATA_LIMIT_BYTES} bytes`, field: "" });
  return causes;
}

const secretStrategy: Strategy = {
  applyDefaults(secret) {
    setDefault(secret, "type", "Opaque");
    // stringData is for writing only.
    const text = secret["stringData"];
    if (!isObject(text)) return;
    const data = ensureObject(secret, "data");
    for (const [key, value] of Object.entries(text)) data[key] = Buffer.from(textOf(value)).toString("base64");
    delete secret["stringData"];
  },
  validate(secret, old) {
    const causes = validateData(secret);
    if (old !== undefined && secret["type"] !== old["type"]) causes.push(invalidValue("type", secret["type"] ?? "", "field is immutable"));
    return causes;
  },
};

const nodeStrategy: Strategy = { applyDefaults: (node) => void ensureObject(node, "spec") };

const eventStrategy: Strategy = {
  validate(event) {
    const causes: Cause[] = [];
    const namespace = stringAt(event, "metadata", "namespace");
    const involved = stringAt(event, "involvedObject", "namespace") ?? "";
    // Events of what has no namespace are kept in default.
    if (involved !== namespace && !(involved === "" && namespace === "default"))
      causes.push(invalidValue("involvedObject.namespace", involved, "does not match event.namespace"));
    return causes;
  },
};

const leaseStrategy: Strategy = {
  validate(lease) {
    const seconds = numberAt(lease, "spec", "leaseDurationSeconds");
    return seconds !== undefined && seconds <= 0 ? [invalidValue("spec.leaseDurationSeconds", seconds, "must be greater than 0")] : [];
  },
};

const endpointsStrategy: Strategy = {
  applyDefaults(endpoints) {
    for (const subset of arrayAt(endpoints, "subsets"))
      for (const port of arrayAt(subset, "ports").filter(isObject)) setDefault(port, "protocol", "TCP");
  },
};

const controllerRevisionStrategy: Strategy = {
  validate: (object) => (numberAt(object, "revision") === undefined ? [required("revision")] : []),
};

const BY_KIND: Readonly<Record<string, Strategy>> = {
  "ConfigMap.": { validate: validateData },
  "Endpoints.": endpointsStrategy,
  "Event.": eventStrategy,
  "Namespace.": namespaceStrategy,
  "Node.": nodeStrategy,
  "Pod.": podStrategy,
  "Secret.": secretStrategy,
  "Service.": serviceStrategy,
  "ControllerRevision.apps": controllerRevisionStrategy,
  "DaemonSet.apps": daemonSetStrategy,
  "Deployment.apps": deploymentStrategy,
  "ReplicaSet.apps": replicaSetStrategy,
  "CronJob.batch": cronJobStrategy,
  "Job.batch": jobStrategy,
  "Ingress.networking.k8s.io": ingressStrategy,
  "IngressClass.networking.k8s.io": ingressClassStrategy,
  "EndpointSlice.discovery.k8s.io": endpointSliceStrategy,
  "Lease.coordination.k8s.io": leaseStrategy,
  "CustomResourceDefinition.apiextensions.k8s.io": definitionStrategy,
};

/** What is particular to a built-in kind when it is written. */
export function strategyFor(group: string, kind: string): Strategy {
  return BY_KIND[`${kind}.${group}`] ?? {};
}
