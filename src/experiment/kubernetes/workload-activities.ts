import { type Json, type JsonObject, written } from "../document/json.ts";
import type { ArgumentRules } from "../native/argument-rules.ts";
import type { NativeActivity, NativeCall } from "../native/native-activity.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { placeOfTarget } from "./cluster-place.ts";
import { experimentKinds } from "./kinds.ts";
import { type ObjectPlace, objectIfThere, titleOf } from "./object-place.ts";
import { preparePatch } from "./patch-fault.ts";
import { SECONDS, lasting } from "./seconds.ts";

const NAMED: ArgumentRules = {
  namespace: { type: "string", required: true, summary: "its namespace" },
  name: { type: "string", required: true, summary: "its name" },
};

function deploymentIn({ namespace, name }: JsonObject): ObjectPlace {
  return { resource: experimentKinds.deployments, ref: { namespace: written(namespace), name: written(name) } };
}

const scale: NativeActivity = {
  name: "deployments/scale",
  does: "action",
  summary: "sets how many pods a Deployment wants; it gets back what it wanted before",
  arguments: { ...NAMED, ...SECONDS, replicas: { type: "integer", required: true, least: 0, most: 10_000, summary: "how many" } },
  async run(given, call) {
    const place = deploymentIn(given);
    const label = `scale of ${titleOf(place)} to ${written(given["replicas"])}`;
    const patch = { spec: { replicas: given["replicas"] } };
    const fault = await preparePatch(placeOfTarget(call.target), { kind: "deployments/scale", label, place, patch });
    return (await call.faults.inject(fault, lasting(given))).output;
  },
};

const restart: NativeActivity = {
  name: "deployments/rollout-restart",
  does: "action",
  summary: "replaces all pods of a Deployment, as kubectl rollout restart does; there is no way back, and none is needed",
  arguments: NAMED,
  async run(given, call) {
    const place = deploymentIn(given);
    const annotations = { "kubectl.kubernetes.io/restartedAt": new Date(call.clock.wallMs()).toISOString() };
    const patch = { spec: { template: { metadata: { annotations } } } };
    const label = `restart of ${titleOf(place)}`;
    const fault = await preparePatch(placeOfTarget(call.target), { kind: "deployments/rollout-restart", label, place, patch });
    return (await call.faults.inject({ ...fault, undo: null })).output;
  },
};

async function isAvailable(given: JsonObject, call: NativeCall): Promise<Json> {
  const place = deploymentIn(given);
  const deployment = await objectIfThere(call.target.kube(), place, call.signal);
  if (deployment === undefined) throw new ActivityFailed(`there is no ${titleOf(place)}`);
  const { metadata, spec = {}, status = {} } = deployment;
  const isLookedAt = Number(status["observedGeneration"] ?? 0) >= (metadata.generation ?? 0);
  const wanted = Number(spec["replicas"] ?? 1);
  return isLookedAt && Number(status["availableReplicas"] ?? 0) >= wanted && Number(status["updatedReplicas"] ?? 0) >= wanted;
}

const available: NativeActivity = {
  name: "deployments/available",
  does: "probe",
  summary: "whether all pods that a Deployment wants are available, and of its newest version",
  arguments: NAMED,
  run: isAvailable,
};

export const workloadActivities: readonly NativeActivity[] = [scale, restart, available];
