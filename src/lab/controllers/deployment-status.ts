import { type Condition, type Deployment, type ReplicaSet, findCondition, toTime } from "../objects/index.ts";
import { resolveShare } from "./pod-control.ts";

type DeploymentStatus = NonNullable<Deployment["status"]>;

/**
 * The status of a Deployment, with the conditions by which `kubectl rollout status` goes (page "Deployments", "Deployment status").
 * `lookAgainMs`: when its progress deadline may have passed. Pure.
 */
export function deploymentStatus(
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  sets: readonly ReplicaSet[],
  nowMs: number,
): { readonly status: DeploymentStatus; readonly lookAgainMs: number | undefined } {
  const replicas = deployment.spec.replicas ?? 1;
  const total = (field: "replicas" | "readyReplicas" | "availableReplicas"): number =>
    sets.reduce((sum, set) => sum + (set.status?.[field] ?? 0), 0);
  const counts = {
    replicas: total("replicas"),
    updatedReplicas: newSet?.status?.replicas ?? 0,
    readyReplicas: total("readyReplicas"),
    availableReplicas: total("availableReplicas"),
    unavailableReplicas: Math.max(0, Math.max(total("replicas"), replicas) - total("availableReplicas")),
  };
  const before = deployment.status;
  const maxUnavailable =
    deployment.spec.strategy?.type === "Recreate"
      ? 0
      : resolveShare(deployment.spec.strategy?.rollingUpdate?.maxUnavailable, "25%", replicas, "down");
  const isAvailable = counts.availableReplicas >= replicas - maxUnavailable;
  const available: Condition = isAvailable
    ? { type: "Available", status: "True", reason: "MinimumReplicasAvailable", message: "Deployment has minimum availability." }
    : {
        type: "Available",
        status: "False",
        reason: "MinimumReplicasUnavailable",
        message: "Deployment does not have minimum availability.",
      };
  const isComplete = counts.updatedReplicas === replicas && counts.replicas === replicas && counts.availableReplicas === replicas;
  const progressed =
    before === undefined ||
    counts.updatedReplicas !== (before.updatedReplicas ?? 0) ||
    counts.readyReplicas !== (before.readyReplicas ?? 0) ||
    counts.availableReplicas !== (before.availableReplicas ?? 0) ||
    (deployment.metadata.generation ?? 0) !== (before.observedGeneration ?? 0);
  const { condition: progressing, lookAgainMs } = progressingCondition({ deployment, newSet, isComplete, progressed, nowMs });
  const now = toTime(nowMs);
  const conditions = [available, ...(progressing === undefined ? [] : [progressing])].map((condition) =>
    settle(condition, before?.conditions, now, progressed),
  );
  return {
    lookAgainMs,
    status: {
      ...(before?.collisionCount === undefined ? {} : { collisionCount: before.collisionCount }),
      observedGeneration: deployment.metadata.generation ?? 0,
      ...counts,
      conditions,
    },
  };
}

interface ProgressInput {
  readonly deployment: Deployment;
  readonly newSet: ReplicaSet | undefined;
  readonly isComplete: boolean;
  readonly progressed: boolean;
  readonly nowMs: number;
}

function progressingCondition(input: ProgressInput): {
  readonly condition: Condition | undefined;
  readonly lookAgainMs: number | undefined;
} {
  const { deployment, newSet, nowMs } = input;
  const deadlineMs = (deployment.spec.progressDeadlineSeconds ?? 600) * 1000;
  const before = findCondition(deployment.status?.conditions, "Progressing");
  const make = (status: Condition["status"], reason: string, what: string): Condition => ({
    type: "Progressing",
    status,
    reason,
    message: `ReplicaSet "${newSet?.metadata.name ?? ""}" ${what}.`,
  });
  if (deployment.spec.paused === true) {
    return {
      condition: { type: "Progressing", status: "Unknown", reason: "DeploymentPaused", message: "Deployment is paused" },
      lookAgainMs: undefined,
    };
  }
  if (newSet === undefined) return { condition: before, lookAgainMs: undefined };
  if (input.isComplete) return { condition: make("True", "NewReplicaSetAvailable", "has successfully progressed"), lookAgainMs: undefined };
  const leftMs = Date.parse(before?.lastUpdateTime ?? toTime(nowMs)) + deadlineMs - nowMs;
  if (!input.progressed && (leftMs <= 0 || before?.reason === "ProgressDeadlineExceeded") && before?.reason !== "NewReplicaSetAvailable") {
    return { condition: make("False", "ProgressDeadlineExceeded", "has timed out progressing"), lookAgainMs: undefined };
  }
  return { condition: make("True", "ReplicaSetUpdated", "is progressing"), lookAgainMs: Math.max(1000, leftMs) };
}

/** Keeps the time of the last change of status; `lastUpdateTime` moves with each progress. */
function settle(condition: Condition, before: readonly Condition[] | undefined, now: string, progressed: boolean): Condition {
  const old = findCondition(before, condition.type);
  const same = old?.status === condition.status && old.reason === condition.reason && old.message === condition.message;
  if (same && !(progressed && condition.type === "Progressing" && condition.reason !== "NewReplicaSetAvailable")) return old;
  return {
    ...condition,
    lastTransitionTime: old?.status === condition.status ? (old.lastTransitionTime ?? now) : now,
    lastUpdateTime: now,
  };
}
