import { type JsonObject, ensureObject, setDefault } from "./json.ts";
import type { Strategy } from "./resource-type.ts";

const pod: Strategy = {
  prepareCreate(object) {
    object["status"] = { phase: "Pending", qosClass: "BestEffort" };
  },
};

const namespace: Strategy = {
  prepareCreate(object) {
    object["spec"] = { finalizers: ["kubernetes"] };
    object["status"] = { phase: "Active" };
  },
};

function dropStatus(object: JsonObject): void {
  object["status"] = {};
}

const workload: Strategy = {
  prepareCreate: dropStatus,
  applyDefaults(object) {
    setDefault(ensureObject(object, "spec"), "replicas", 1);
  },
};

const BY_KIND: Readonly<Record<string, Strategy>> = {
  "Pod.": pod,
  "Namespace.": namespace,
  "Deployment.apps": workload,
  "ReplicaSet.apps": workload,
};

/** What is particular to a built-in kind when it is written. */
export function strategyFor(group: string, kind: string): Strategy {
  return BY_KIND[`${kind}.${group}`] ?? {};
}
