import { AppError } from "../../kernel/index.ts";
import { kinds } from "../../kube/index.ts";
import { type Controller, createController, keyOf, refOf } from "../machinery/index.ts";
import { type Pod, type ReplicaSet, isPodAvailable, isPodReady } from "../objects/index.ts";
import { type ControllerContext, controllerOf, ownerKeyOf } from "./context.ts";
import { createPodControl, rankForRemoval, slowStart } from "./pod-control.ts";

const BURST = 500;

/** Keeps as many pods of each ReplicaSet as it asks for (page "ReplicaSet"). */
export function startReplicaSetController(context: ControllerContext): Controller {
  const { caches, client, clock } = context;
  const control = createPodControl(context);

  const podsOf = (set: ReplicaSet): readonly Pod[] =>
    caches.pods.byIndex("owner", set.metadata.uid ?? "").filter((pod) => controllerOf(pod)?.uid === set.metadata.uid);

  const reconcile = async (key: string): Promise<void> => {
    const set = caches.replicaSets.get(key);
    if (set === undefined || set.metadata.deletionTimestamp !== undefined) return;
    const wanted = set.spec.replicas ?? 1;
    const active = podsOf(set).filter((pod) => control.isActive(pod));
    let failure: AppError | undefined;
    try {
      if (active.length < wanted) await slowStart(Math.min(wanted - active.length, BURST), () => control.create(set, set.spec.template));
      else if (active.length > wanted) {
        const surplus = rankForRemoval(active).slice(0, Math.min(active.length - wanted, BURST));
        await Promise.all(surplus.map((pod) => control.remove(set, pod)));
      }
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      failure = error;
    }
    await writeStatus(set);
    if (failure !== undefined) throw failure;
    if (Math.abs(active.length - wanted) > BURST) controller.enqueue(key);
  };

  const writeStatus = async (set: ReplicaSet): Promise<void> => {
    const pods = podsOf(set).filter((pod) => control.isActive(pod));
    const minReadySeconds = set.spec.minReadySeconds ?? 0;
    const ready = pods.filter(isPodReady);
    const available = ready.filter((pod) => isPodAvailable(pod, minReadySeconds, clock.wallMs()));
    if (available.length < ready.length) controller.enqueueAfter(keyOf(set), minReadySeconds * 1000);
    const labels = Object.entries(set.spec.template.metadata?.labels ?? {});
    const status = {
      replicas: pods.length,
      fullyLabeledReplicas: pods.filter((pod) => labels.every(([name, value]) => pod.metadata.labels?.[name] === value)).length,
      readyReplicas: ready.length,
      availableReplicas: available.length,
      observedGeneration: set.metadata.generation ?? 0,
    };
    const same = (Object.keys(status) as (keyof typeof status)[]).every((field) => (set.status?.[field] ?? 0) === status[field]);
    if (same && set.status?.observedGeneration !== undefined) return;
    caches.replicaSets.observe(
      await client.patchStatus<ReplicaSet>(kinds.replicaSets, refOf(keyOf(set)), { type: "merge", body: { status } }),
    );
  };

  const controller = createController({ name: "replicaset", workers: 5, reads: [caches.pods, caches.replicaSets], reconcile }, context);
  caches.replicaSets.subscribe((set) => controller.enqueue(keyOf(set)));
  caches.pods.subscribe((pod) => {
    const owner = ownerKeyOf(pod, "ReplicaSet");
    if (owner !== undefined) controller.enqueue(owner);
  });
  return controller;
}
