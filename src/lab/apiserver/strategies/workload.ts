import { Cron } from "croner";
import { messageOf } from "../../../kernel/index.ts";
import { type JsonObject, arrayAt, deepEqual, ensureObject, numberAt, objectAt, setDefault, stringAt, valueAt } from "../json.ts";
import type { Strategy } from "../resource-type.ts";
import { type Cause, invalidValue, notSupported, required } from "../status.ts";
import { selects, validateLabelSelector } from "./label-selector.ts";
import { applyPodSpecDefaults, validatePodSpec } from "./pod-template.ts";

function startStatus(object: JsonObject): void {
  object["status"] = {};
}

function templateDefaults(spec: JsonObject): void {
  const template = ensureObject(spec, "template");
  ensureObject(template, "metadata");
  applyPodSpecDefaults(ensureObject(template, "spec"));
}

/** Selector and template of what keeps pods running. */
function validateTemplate(object: JsonObject, old: JsonObject | undefined): Cause[] {
  const causes: Cause[] = [];
  const selector = objectAt(object, "spec", "selector");
  const labels = objectAt(object, "spec", "template", "metadata", "labels") ?? {};
  const broken = validateLabelSelector(selector ?? {}, "spec.selector");
  if (selector === undefined) causes.push(required("spec.selector"));
  else if (Object.keys(objectAt(selector, "matchLabels") ?? {}).length + arrayAt(selector, "matchExpressions").length === 0)
    causes.push(invalidValue("spec.selector", selector, "empty selector is invalid for deployment"));
  else if (broken.length > 0) causes.push(...broken);
  else if (!selects(selector, labels))
    causes.push(invalidValue("spec.template.metadata.labels", labels, "`selector` does not match template `labels`"));
  if (old !== undefined && !deepEqual(selector, objectAt(old, "spec", "selector")))
    causes.push(invalidValue("spec.selector", selector ?? null, "field is immutable"));
  causes.push(...validatePodSpec(objectAt(object, "spec", "template", "spec"), "spec.template.spec", ["Always"]));
  const replicas = numberAt(object, "spec", "replicas") ?? 0;
  if (replicas < 0) causes.push(invalidValue("spec.replicas", replicas, "must be greater than or equal to 0"));
  return causes;
}

export const deploymentStrategy: Strategy = {
  prepareCreate: startStatus,
  applyDefaults(object) {
    const spec = ensureObject(object, "spec");
    setDefault(spec, "replicas", 1);
    setDefault(spec, "revisionHistoryLimit", 10);
    setDefault(spec, "progressDeadlineSeconds", 600);
    const strategy = ensureObject(spec, "strategy");
    setDefault(strategy, "type", "RollingUpdate");
    if (strategy["type"] === "RollingUpdate") {
      const rolling = ensureObject(strategy, "rollingUpdate");
      setDefault(rolling, "maxSurge", "25%");
      setDefault(rolling, "maxUnavailable", "25%");
    }
    templateDefaults(spec);
  },
  validate(object, old) {
    const causes = validateTemplate(object, old);
    const type = stringAt(object, "spec", "strategy", "type") ?? "";
    if (type !== "RollingUpdate" && type !== "Recreate")
      causes.push(notSupported("spec.strategy.type", type, ["Recreate", "RollingUpdate"]));
    const rolling = objectAt(object, "spec", "strategy", "rollingUpdate");
    if (type === "Recreate" && rolling !== undefined)
      causes.push({
        reason: "FieldValueForbidden",
        message: "Forbidden: may not be specified when strategy `type` is 'Recreate'",
        field: "spec.strategy.rollingUpdate",
      });
    if (type === "RollingUpdate" && isZero(rolling?.["maxSurge"]) && isZero(rolling?.["maxUnavailable"])) {
      causes.push(
        invalidValue("spec.strategy.rollingUpdate.maxUnavailable", rolling?.["maxUnavailable"] ?? 0, "may not be 0 when `maxSurge` is 0"),
      );
    }
    return causes;
  },
};

function isZero(value: unknown): boolean {
  return value === 0 || value === "0%" || value === "0";
}

export const replicaSetStrategy: Strategy = {
  prepareCreate: (object) => {
    object["status"] = { replicas: 0 };
  },
  applyDefaults(object) {
    const spec = ensureObject(object, "spec");
    setDefault(spec, "replicas", 1);
    templateDefaults(spec);
  },
  validate: validateTemplate,
};

export const daemonSetStrategy: Strategy = {
  prepareCreate: (object) => {
    object["status"] = { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 };
  },
  applyDefaults(object) {
    const spec = ensureObject(object, "spec");
    setDefault(spec, "revisionHistoryLimit", 10);
    const strategy = ensureObject(spec, "updateStrategy");
    setDefault(strategy, "type", "RollingUpdate");
    if (strategy["type"] === "RollingUpdate") {
      const rolling = ensureObject(strategy, "rollingUpdate");
      setDefault(rolling, "maxSurge", 0);
      setDefault(rolling, "maxUnavailable", 1);
    }
    templateDefaults(spec);
  },
  validate: validateTemplate,
};

const JOB_POLICIES = ["OnFailure", "Never"];

function jobSpecDefaults(spec: JsonObject): void {
  if (spec["completions"] === undefined && spec["parallelism"] === undefined) spec["completions"] = 1;
  setDefault(spec, "parallelism", 1);
  setDefault(spec, "backoffLimit", 6);
  setDefault(spec, "completionMode", "NonIndexed");
  setDefault(spec, "suspend", false);
  setDefault(spec, "podReplacementPolicy", "TerminatingOrFailed");
  templateDefaults(spec);
}

export const jobStrategy: Strategy = {
  prepareCreate(object) {
    object["status"] = {};
    const spec = ensureObject(object, "spec");
    if (spec["manualSelector"] === true) return;
    // A job finds its pods by its own uid, in the label of today and the one of before 1.27.
    setDefault(spec, "manualSelector", false);
    const uid = stringAt(object, "metadata", "uid") ?? "";
    const name = stringAt(object, "metadata", "name") ?? "";
    const labels = ensureObject(ensureObject(ensureObject(spec, "template"), "metadata"), "labels");
    for (const prefix of ["batch.kubernetes.io/", ""]) {
      labels[`${prefix}controller-uid`] = uid;
      labels[`${prefix}job-name`] = name;
    }
    // A job without labels of its own gets those of its pods.
    if (Object.keys(objectAt(object, "metadata", "labels") ?? {}).length === 0) ensureObject(object, "metadata")["labels"] = { ...labels };
    spec["selector"] = { matchLabels: { "batch.kubernetes.io/controller-uid": uid } };
  },
  applyDefaults: (object) => jobSpecDefaults(ensureObject(object, "spec")),
  validate(object, old) {
    const causes = validatePodSpec(objectAt(object, "spec", "template", "spec"), "spec.template.spec", JOB_POLICIES);
    for (const field of ["parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished"]) {
      const value = numberAt(object, "spec", field) ?? 0;
      if (value < 0) causes.push(invalidValue(`spec.${field}`, value, "must be greater than or equal to 0"));
    }
    for (const field of ["template", "selector", "completions"]) {
      if (old !== undefined && !deepEqual(valueAt(object, "spec", field), valueAt(old, "spec", field)))
        causes.push(invalidValue(`spec.${field}`, valueAt(object, "spec", field) ?? null, "field is immutable"));
    }
    return causes;
  },
};

export const cronJobStrategy: Strategy = {
  prepareCreate: startStatus,
  applyDefaults(object) {
    const spec = ensureObject(object, "spec");
    setDefault(spec, "concurrencyPolicy", "Allow");
    setDefault(spec, "suspend", false);
    setDefault(spec, "successfulJobsHistoryLimit", 3);
    setDefault(spec, "failedJobsHistoryLimit", 1);
    const template = ensureObject(spec, "jobTemplate");
    ensureObject(template, "metadata");
    const job = ensureObject(template, "spec");
    // The job itself gets its other defaults when it is made.
    templateDefaults(job);
  },
  validate(object) {
    const causes: Cause[] = [];
    const schedule = stringAt(object, "spec", "schedule") ?? "";
    if (schedule === "") causes.push(required("spec.schedule"));
    else {
      try {
        new Cron(schedule, { paused: true, mode: "5-part" }).stop();
      } catch (error) {
        causes.push(invalidValue("spec.schedule", schedule, messageOf(error)));
      }
    }
    const policy = stringAt(object, "spec", "concurrencyPolicy") ?? "";
    const policies = ["Allow", "Forbid", "Replace"];
    if (!policies.includes(policy)) causes.push(notSupported("spec.concurrencyPolicy", policy, policies));
    const template = "spec.jobTemplate.spec.template.spec";
    return [...causes, ...validatePodSpec(objectAt(object, "spec", "jobTemplate", "spec", "template", "spec"), template, JOB_POLICIES)];
  },
};
