import { type Json, type JsonObject, arrayAt, clone, deepEqual, ensureObject, isObject, objectAt, setDefault, stringAt } from "../json.ts";
import type { Strategy } from "../resource-type.ts";
import { type Cause, forbiddenField } from "../status.ts";
import { applyPodSpecDefaults, validatePodSpec } from "./pod-template.ts";

/** What may change in a pod that exists; its node is set by binding. */
const MUTABLE = ["activeDeadlineSeconds", "terminationGracePeriodSeconds", "tolerations"];

export const podStrategy: Strategy = {
  prepareCreate(pod) {
    const spec = ensureObject(pod, "spec");
    // What the admission plugins ServiceAccount, Priority and DefaultTolerationSeconds add.
    setDefault(spec, "serviceAccountName", "default");
    setDefault(spec, "serviceAccount", spec["serviceAccountName"] ?? "default");
    setDefault(spec, "enableServiceLinks", true);
    setDefault(spec, "priority", 0);
    setDefault(spec, "preemptionPolicy", "PreemptLowerPriority");
    addTolerations(spec);
    applyPodSpecDefaults(spec);
    pod["status"] = { phase: "Pending", qosClass: qosClass(spec) };
  },
  applyDefaults: (pod) => applyPodSpecDefaults(ensureObject(pod, "spec")),
  validate(pod, old) {
    const causes = validatePodSpec(objectAt(pod, "spec"), "spec");
    if (old !== undefined) causes.push(...validateUpdate(pod, old));
    return causes;
  },
};

function addTolerations(spec: JsonObject): void {
  const tolerations = [...arrayAt(spec, "tolerations")];
  for (const key of ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]) {
    const isTolerated = tolerations.some((toleration) => {
      const own = stringAt(toleration, "key") ?? "";
      const effect = stringAt(toleration, "effect") ?? "";
      return (own === key || (own === "" && stringAt(toleration, "operator") === "Exists")) && (effect === "" || effect === "NoExecute");
    });
    if (!isTolerated) tolerations.push({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 });
  }
  spec["tolerations"] = tolerations;
}

/** Page "Pod Quality of Service Classes". */
function qosClass(spec: JsonObject): string {
  let hasAny = false;
  let isGuaranteed = true;
  for (const container of [...arrayAt(spec, "containers"), ...arrayAt(spec, "initContainers")]) {
    const requests = objectAt(container, "resources", "requests") ?? {};
    const limits = objectAt(container, "resources", "limits") ?? {};
    for (const resource of ["cpu", "memory"]) {
      if (requests[resource] !== undefined || limits[resource] !== undefined) hasAny = true;
      if (limits[resource] === undefined || requests[resource] !== limits[resource]) isGuaranteed = false;
    }
  }
  if (!hasAny) return "BestEffort";
  return isGuaranteed ? "Guaranteed" : "Burstable";
}

function validateUpdate(pod: JsonObject, old: JsonObject): Cause[] {
  if (deepEqual(fixedPart(pod), fixedPart(old))) return [];
  return [
    forbiddenField(
      "spec",
      "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
    ),
  ];
}

function fixedPart(pod: JsonObject): Json {
  const spec = clone(objectAt(pod, "spec") ?? {});
  for (const field of MUTABLE) delete spec[field];
  for (const list of ["containers", "initContainers"]) {
    for (const container of arrayAt(spec, list)) if (isObject(container)) delete container["image"];
  }
  return spec;
}
