import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { AppError, type Timer, messageOf } from "../../kernel/index.ts";
import { type KubeClient, type KubeEvidence, kinds } from "../../kube/index.ts";
import { type WorkQueue, createWorkQueue, keyOf } from "../machinery/index.ts";
import { type Pod, type PodStatus, findCondition, isPodFinished } from "../objects/index.ts";
import { type AbsenceJudge, createAbsenceJudge } from "./absent-pods.ts";
import { PodWorker, type PodWorkerDeps } from "./pod-worker.ts";

export interface PodManagerDeps extends Omit<PodWorkerDeps, "statusChanged" | "stopped"> {
  readonly client: KubeClient;
  /** Asks the source for one more complete list. */
  confirm(): void;
}

/** All pods of this node: those that an earlier kubelet left, those that the API server names, and their way out. */
export interface PodManager {
  /** Finds what runs here since before; to be called first, needs no API server. */
  restore(): void;
  take(evidence: KubeEvidence<Pod>): void;
  workers(): readonly PodWorker[];
  /** Ends all containers, within `graceMs`; the pods stay the node's. */
  stop(graceMs: number): Promise<void>;
  /** Leaves all containers running, as a kubelet that is killed does. */
  abandon(): Promise<void>;
}

/** See {@link PodManager}. `dir` holds one folder a pod, named by its uid. */
export function createPodManager(dir: string, deps: PodManagerDeps): PodManager {
  const workers = new Map<string, PodWorker>();
  const absence: AbsenceJudge = createAbsenceJudge(deps.clock);
  let confirmTimer: Timer | undefined;
  let stopping = false;
  let whenAllStopped: (() => void) | undefined;

  const workerDeps: PodWorkerDeps = {
    ...deps,
    statusChanged: (worker) => queue.add(worker.uid),
    stopped: (worker) => {
      queue.add(worker.uid);
      if ([...workers.values()].every((each) => each.isStopped)) whenAllStopped?.();
    },
  };
  const queue: WorkQueue = createWorkQueue(
    { name: "pod status", workers: 8, baseMs: 200, maxMs: 3000 },
    { clock: deps.clock, random: deps.random, log: deps.log, reconcile: (uid) => report(uid) },
  );

  /** Tells the API server what the pod is; in the end, that it is gone. */
  const report = async (uid: string): Promise<void> => {
    const worker = workers.get(uid);
    if (worker === undefined || stopping) return;
    if (worker.goneReason === "removed") {
      if (worker.isStopped) forget(worker);
      return;
    }
    const { name, namespace = "" } = worker.pod.metadata;
    try {
      if (worker.status !== undefined && !showsStatus(worker.pod, worker.status)) {
        const body = { metadata: { uid }, status: worker.status };
        const answer = await deps.client.patchStatus<Pod>(kinds.pods, { name, namespace }, { type: "strategic", body });
        if (answer.metadata.uid === uid) worker.update(answer);
      }
      if (!worker.isStopped) return;
      // Without this last delete a pod, its ReplicaSet's count and its namespace never go away.
      await deps.client.delete(kinds.pods, { name, namespace }, { gracePeriodSeconds: 0, preconditions: { uid } });
      forget(worker);
    } catch (error) {
      const isGone = error instanceof AppError && (error.code === "KUBE_NOT_FOUND" || error.code === "KUBE_CONFLICT");
      if (!isGone) throw error;
      if (worker.isStopped) forget(worker);
      // A name that is not there while the pod runs: the source of pods will say so too, or not.
      else if (error.code === "KUBE_CONFLICT") throw error;
    }
  };

  const forget = (worker: PodWorker): void => {
    workers.delete(worker.uid);
    worker.remove();
  };

  const upsert = (pod: Pod): void => {
    const { uid = "", deletionTimestamp } = pod.metadata;
    if (stopping || !/^[-a-zA-Z0-9]{1,64}$/.test(uid)) return;
    const known = workers.get(uid);
    if (known !== undefined) {
      known.update(pod);
      // Somebody else wrote the status (node lifecycle does when it gave the node up): ours is put right.
      if (known.status !== undefined && !showsStatus(pod, known.status)) queue.add(uid);
      return;
    }
    // What has ended and is not known here was run by a kubelet that lost its disk; only its deletion is still to be done.
    if (isPodFinished(pod) && deletionTimestamp === undefined) return;
    for (const other of workers.values()) if (keyOf(other.pod) === keyOf(pod) && other.goneReason === undefined) other.end("removed");
    const finished = isPodFinished(pod) ? pod.status : undefined;
    const checkpoint = { pod, startedAtMs: deps.clock.wallMs(), ...(finished === undefined ? {} : { status: finished }) };
    const worker = new PodWorker(pod, join(dir, uid), workerDeps, checkpoint);
    workers.set(uid, worker);
    worker.update(pod);
  };

  const removed = (worker: PodWorker): void => {
    deps.log.info({ pod: keyOf(worker.pod) }, "pod is gone from the API server");
    worker.end("removed");
    queue.add(worker.uid);
  };

  const complete = (pods: readonly Pod[], unreadable: readonly (string | undefined)[], rewound: boolean): void => {
    for (const pod of pods) upsert(pod);
    const running = [...workers.values()].filter(({ goneReason }) => goneReason !== "removed");
    const listed = new Set(pods.map(({ metadata }) => metadata.uid ?? ""));
    // One that is there but cannot be read is there.
    for (const worker of running) if (unreadable.includes(undefined) || unreadable.includes(keyOf(worker.pod))) listed.add(worker.uid);
    const verdict = absence.complete(new Set(running.map(({ uid }) => uid)), listed, rewound);
    for (const uid of verdict.gone) {
      const worker = workers.get(uid);
      if (worker !== undefined) removed(worker);
    }
    confirmTimer?.cancel();
    if (verdict.confirmAfterMs === undefined) return;
    deps.log.warn(
      { confirmAfterMs: verdict.confirmAfterMs, rewound },
      "running pods are missing from a list; they keep running until it is confirmed",
    );
    confirmTimer = deps.clock.timer(verdict.confirmAfterMs, () => deps.confirm());
  };

  return {
    restore() {
      mkdirSync(dir, { recursive: true });
      for (const name of readdirSync(dir)) {
        if (!existsSync(join(dir, name, "pod.json"))) continue;
        try {
          const worker = PodWorker.restore(join(dir, name), workerDeps);
          if (worker === undefined) continue;
          workers.set(worker.uid, worker);
          worker.update(worker.pod);
          queue.add(worker.uid);
        } catch (error) {
          deps.log.error({ folder: name, error: messageOf(error) }, "a pod's folder cannot be read and is left alone");
        }
      }
    },
    take(evidence) {
      if (stopping) return;
      if (evidence.kind === "upsert") upsert(evidence.value);
      else if (evidence.kind === "complete") {
        complete(
          evidence.items.map(({ value }) => value),
          evidence.poisoned.map(({ key }) => key),
          evidence.rewound,
        );
      } else if (evidence.kind === "delete") {
        for (const worker of workers.values()) if (keyOf(worker.pod) === evidence.key && worker.goneReason !== "removed") removed(worker);
      }
    },
    workers: () => [...workers.values()],
    async stop(graceMs) {
      stopping = true;
      confirmTimer?.cancel();
      await queue.close();
      if ([...workers.values()].some((worker) => !worker.isStopped)) {
        const all = new Promise<void>((resolve) => {
          whenAllStopped = resolve;
        });
        for (const worker of workers.values()) worker.end("kubelet stops", graceMs);
        await all;
      }
    },
    async abandon() {
      stopping = true;
      confirmTimer?.cancel();
      await queue.close();
      await Promise.all([...workers.values()].map((worker) => worker.abandon()));
    },
  };
}

/** Whether the API server's pod says what the kubelet found, in all that others act on. */
function showsStatus(pod: Pod, status: PodStatus): boolean {
  return essence(pod.status ?? {}) === essence(status);
}

function essence(status: PodStatus): string {
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  return JSON.stringify([
    status.phase,
    status.podIP,
    status.hostIP,
    ["Ready", "ContainersReady", "Initialized"].map((type) => findCondition(status.conditions, type)?.status),
    containers.map(({ name, ready, started, restartCount, containerID, state, lastState }) => {
      const ended = state.terminated ?? lastState.terminated;
      return [
        name,
        ready,
        started,
        restartCount,
        containerID,
        Object.keys(state),
        state.waiting?.reason,
        state.waiting?.message,
        ended?.exitCode,
        ended?.finishedAt,
      ];
    }),
  ]);
}
