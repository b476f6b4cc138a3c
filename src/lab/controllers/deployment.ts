import { AppError } from "../../kernel/index.ts";
import { kinds } from "../../kube/index.ts";
import { type Controller, createController, keyOf, refOf } from "../machinery/index.ts";
import type { Deployment, Pod, ReplicaSet } from "../objects/index.ts";
import { type ControllerContext, controllerOf, ownedBy, ownerKeyOf } from "./context.ts";
import { deploymentStatus } from "./deployment-status.ts";
import { hashTemplate, resolveShare } from "./pod-control.ts";
import { planRollingUpdate } from "./rolling-update.ts";

const HASH_LABEL = "pod-template-hash";
const REVISION = "deployment.kubernetes.io/revision";

/** Rolls the pods of each Deployment over to its template, by way of ReplicaSets (page "Deployments"). */
export function startDeploymentController(context: ControllerContext): Controller {
  const { caches, client, clock, events } = context;

  const setsOf = (deployment: Deployment): readonly ReplicaSet[] =>
    caches.replicaSets
      .byIndex("owner", deployment.metadata.uid ?? "")
      .filter((set) => controllerOf(set)?.uid === deployment.metadata.uid)
      .sort((one, two) => revisionOf(one) - revisionOf(two) || one.metadata.name.localeCompare(two.metadata.name));

  const scale = async (deployment: Deployment, set: ReplicaSet, replicas: number): Promise<void> => {
    const before = set.spec.replicas ?? 1;
    if (before === replicas) return;
    const scaled = await client.patch<ReplicaSet>(kinds.replicaSets, refOf(keyOf(set)), { type: "merge", body: { spec: { replicas } } });
    caches.replicaSets.observe(scaled);
    const message = `Scaled ${before < replicas ? "up" : "down"} replica set ${set.metadata.name} from ${before} to ${replicas}`;
    events.record(deployment, "Normal", "ScalingReplicaSet", message);
  };

  /** The ReplicaSet of the present template, made where it is not there and not forbidden by a pause. */
  const newSetOf = async (deployment: Deployment, sets: readonly ReplicaSet[]): Promise<ReplicaSet | undefined> => {
    const hash = hashTemplate(deployment.spec.template, deployment.status?.collisionCount ?? 0);
    const found = sets.find((set) => set.metadata.labels?.[HASH_LABEL] === hash);
    const latest = Math.max(0, ...sets.filter((set) => set !== found).map(revisionOf));
    if (found !== undefined) {
      if (revisionOf(found) > latest) return found;
      // An earlier template came back (`kubectl rollout undo`): its ReplicaSet becomes the newest revision.
      const metadata = { annotations: { [REVISION]: String(latest + 1) } };
      const patched = await client.patch<ReplicaSet>(kinds.replicaSets, refOf(keyOf(found)), { type: "merge", body: { metadata } });
      caches.replicaSets.observe(patched);
      return patched;
    }
    if (deployment.spec.paused === true) return undefined;
    const { name, namespace = "" } = deployment.metadata;
    const template = deployment.spec.template;
    const labels = { ...template.metadata?.labels, [HASH_LABEL]: hash };
    const set: ReplicaSet = {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: {
        name: `${name}-${hash}`,
        namespace,
        labels,
        annotations: { [REVISION]: String(latest + 1) },
        ownerReferences: ownedBy(deployment),
      },
      spec: {
        replicas: sets.length === 0 && deployment.spec.strategy?.type !== "Recreate" ? (deployment.spec.replicas ?? 1) : 0,
        minReadySeconds: deployment.spec.minReadySeconds ?? 0,
        selector: { ...deployment.spec.selector, matchLabels: { ...deployment.spec.selector.matchLabels, [HASH_LABEL]: hash } },
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
    };
    try {
      const made = await client.create<ReplicaSet>(kinds.replicaSets, set);
      caches.replicaSets.observe(made);
      if ((set.spec.replicas ?? 0) > 0) {
        events.record(
          deployment,
          "Normal",
          "ScalingReplicaSet",
          `Scaled up replica set ${made.metadata.name} from 0 to ${set.spec.replicas}`,
        );
      }
      return made;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "KUBE_ALREADY_EXISTS") throw error;
      const other = await client.get<ReplicaSet>(kinds.replicaSets, { namespace, name: `${name}-${hash}` });
      caches.replicaSets.observe(other);
      if (controllerOf(other)?.uid === deployment.metadata.uid) return other;
      // Somebody else's ReplicaSet has the name: another hash next time.
      const status = { collisionCount: (deployment.status?.collisionCount ?? 0) + 1 };
      caches.deployments.observe(
        await client.patchStatus<Deployment>(kinds.deployments, { namespace, name }, { type: "merge", body: { status } }),
      );
      throw error;
    }
  };

  const roll = async (deployment: Deployment, newSet: ReplicaSet, oldSets: readonly ReplicaSet[]): Promise<void> => {
    const replicas = deployment.spec.replicas ?? 1;
    if (deployment.spec.strategy?.type === "Recreate") {
      for (const set of oldSets) await scale(deployment, set, 0);
      // Pods that are still ending count: two versions never run side by side.
      const left = oldSets.some((set) => caches.pods.byIndex("owner", set.metadata.uid ?? "").some(isNotFinished));
      if (!left) await scale(deployment, newSet, replicas);
      return;
    }
    const limits = deployment.spec.strategy?.rollingUpdate;
    const maxSurge = resolveShare(limits?.maxSurge, "25%", replicas, "up");
    const wishedUnavailable = resolveShare(limits?.maxUnavailable, "25%", replicas, "down");
    const step = planRollingUpdate({
      replicas,
      maxSurge,
      maxUnavailable: maxSurge === 0 && wishedUnavailable === 0 ? 1 : wishedUnavailable,
      newSet: countsOf(newSet),
      oldSets: oldSets.map(countsOf),
    });
    await scale(deployment, newSet, step.newSet);
    for (const [at, set] of oldSets.entries()) await scale(deployment, set, step.oldSets[at] ?? 0);
  };

  const reconcile = async (key: string): Promise<void> => {
    const deployment = caches.deployments.get(key);
    if (deployment === undefined || deployment.metadata.deletionTimestamp !== undefined) return;
    const sets = setsOf(deployment);
    const newSet = await newSetOf(deployment, sets);
    const oldSets = sets.filter((set) => set.metadata.uid !== newSet?.metadata.uid);
    if (deployment.spec.paused !== true && newSet !== undefined) {
      await roll(deployment, newSet, oldSets);
      const revision = newSet.metadata.annotations?.[REVISION];
      if (revision !== undefined && deployment.metadata.annotations?.[REVISION] !== revision) {
        const metadata = { annotations: { [REVISION]: revision } };
        caches.deployments.observe(await client.patch<Deployment>(kinds.deployments, refOf(key), { type: "merge", body: { metadata } }));
      }
      await dropHistory(deployment, oldSets);
    }
    await writeStatus(key);
  };

  const dropHistory = async (deployment: Deployment, oldSets: readonly ReplicaSet[]): Promise<void> => {
    const empty = oldSets.filter((set) => (set.spec.replicas ?? 1) === 0 && (set.status?.replicas ?? 0) === 0);
    const surplus = empty.slice(0, Math.max(0, empty.length - (deployment.spec.revisionHistoryLimit ?? 10)));
    for (const set of surplus)
      await client.delete(kinds.replicaSets, refOf(keyOf(set)), { preconditions: { uid: set.metadata.uid ?? "" } }).catch(ignoreGone);
  };

  const writeStatus = async (key: string): Promise<void> => {
    const deployment = caches.deployments.get(key);
    if (deployment === undefined) return;
    const sets = setsOf(deployment);
    const hash = hashTemplate(deployment.spec.template, deployment.status?.collisionCount ?? 0);
    const newSet = sets.find((set) => set.metadata.labels?.[HASH_LABEL] === hash);
    const { status, lookAgainMs } = deploymentStatus(deployment, newSet, sets, clock.wallMs());
    if (lookAgainMs !== undefined) controller.enqueueAfter(key, lookAgainMs);
    if (JSON.stringify(status) === JSON.stringify(deployment.status)) return;
    caches.deployments.observe(await client.patchStatus<Deployment>(kinds.deployments, refOf(key), { type: "merge", body: { status } }));
  };

  const controller = createController(
    { name: "deployment", workers: 5, reads: [caches.deployments, caches.replicaSets, caches.pods], reconcile },
    context,
  );
  caches.deployments.subscribe((deployment) => controller.enqueue(keyOf(deployment)));
  caches.replicaSets.subscribe((set) => {
    const owner = ownerKeyOf(set, "Deployment");
    if (owner !== undefined) controller.enqueue(owner);
  });
  // Recreate waits for the last pod of the old version.
  caches.pods.subscribe((pod, _before, isGone) => {
    const set = isGone ? caches.replicaSets.get(ownerKeyOf(pod, "ReplicaSet") ?? "") : undefined;
    const deployment = set === undefined ? undefined : ownerKeyOf(set, "Deployment");
    if (deployment !== undefined) controller.enqueue(deployment);
  });
  return controller;
}

function revisionOf(set: ReplicaSet): number {
  return Number(set.metadata.annotations?.[REVISION] ?? 0);
}

function countsOf(set: ReplicaSet): { readonly asked: number; readonly available: number } {
  return { asked: set.spec.replicas ?? 1, available: set.status?.availableReplicas ?? 0 };
}

function isNotFinished(pod: Pod): boolean {
  return pod.status?.phase !== "Succeeded" && pod.status?.phase !== "Failed";
}

/** What is gone already need not be deleted. */
export function ignoreGone(error: unknown): void {
  if (!(error instanceof AppError) || (error.code !== "KUBE_NOT_FOUND" && error.code !== "KUBE_CONFLICT")) throw error;
}
