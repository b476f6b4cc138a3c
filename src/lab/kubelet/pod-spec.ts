import { AppError, isRecord } from "../../kernel/index.ts";
import type { KubeObject } from "../../kube/index.ts";
import type { Pod } from "../objects/index.ts";

const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * The pod, if its spec has the shape that the kubelet walks through: names that become folders, lists where lists belong.
 * @throws AppError KUBELET_BAD_POD naming the field; the object is then left out alone.
 */
export function decodePod(object: KubeObject): Pod {
  const pod = object as Partial<Pod> & KubeObject;
  const where = `pod ${object.metadata.name}`;
  const spec: unknown = pod.spec;
  if (!isRecord(spec)) throw bad(where, "spec", "an object");
  for (const field of ["containers", "initContainers"]) {
    const list = spec[field] ?? (field === "containers" ? undefined : []);
    if (!Array.isArray(list) || (field === "containers" && list.length === 0)) throw bad(where, `spec.${field}`, "a list of containers");
    for (const container of list as readonly unknown[]) {
      if (!isRecord(container) || typeof container["name"] !== "string" || !NAME.test(container["name"]))
        throw bad(where, `spec.${field}[].name`, "a DNS label");
      for (const words of ["command", "args"])
        if (!isWords(container[words])) throw bad(where, `spec.${field}[].${words}`, "a list of strings");
      for (const rows of ["env", "envFrom", "ports", "volumeMounts"])
        if (!isRows(container[rows])) throw bad(where, `spec.${field}[].${rows}`, "a list of objects");
    }
  }
  if (!isRows(spec["volumes"])) throw bad(where, "spec.volumes", "a list of objects");
  return pod as Pod;
}

function isWords(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.every((word) => typeof word === "string"));
}

function isRows(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.every((row) => isRecord(row)));
}

function bad(where: string, field: string, wanted: string): AppError {
  return new AppError("KUBELET_BAD_POD", `${where}: ${field} must be ${wanted}`);
}
