import { kinds } from "../../kube/index.ts";
import { type Controller, createController, keyOf, refOf } from "../machinery/index.ts";
import { type Condition, type Job, type Pod, findCondition, isPodReady, toTime, withCondition } from "../objects/index.ts";
import { type ControllerContext, controllerOf, ownerKeyOf } from "./context.ts";
import { ignoreGone } from "./deployment.ts";
import { createPodControl, rankForRemoval, slowStart } from "./pod-control.ts";

// As in Kubernetes a Job makes at most 500 pods in one go, in batches that double from 1.
const BURST = 500;
const FAILURE_BASE_MS = 10_000;
const FAILURE_MAX_MS = 600_000;

/** Runs the pods of each Job until enough of them succeeded (page "Jobs"); NonIndexed only. */
export function startJobController(context: ControllerContext): Controller {
  const { caches, client, clock, events } = context;
  const control = createPodControl(context);
  /** When the latest failure of a Job's pods was first seen, on the monotonic clock. */
  const failedAt = new Map<string, { failures: number; atMs: number }>();

  const reconcile = async (key: string): Promise<void> => {
    const job = caches.jobs.get(key);
    if (job === undefined || job.metadata.deletionTimestamp !== undefined) return;
    if (isJobFinished(job)) return expire(job);
    const pods = caches.pods.byIndex("owner", job.metadata.uid ?? "").filter((pod) => controllerOf(pod)?.uid === job.metadata.uid);
    const active = pods.filter((pod) => control.isActive(pod));
    const succeeded = pods.filter((pod) => pod.status?.phase === "Succeeded").length;
    const failed = pods.filter((pod) => pod.status?.phase === "Failed").length;
    const now = toTime(clock.wallMs());
    const startTime = job.status?.startTime ?? now;
    const end = endOf(job, { active: active.length, succeeded, failed, startTime, nowMs: clock.wallMs() });
    if (end === undefined && job.spec.activeDeadlineSeconds !== undefined) {
      controller.enqueueAfter(key, Math.max(100, Date.parse(startTime) + job.spec.activeDeadlineSeconds * 1000 - clock.wallMs()));
    }
    let conditions: readonly Condition[] = job.status?.conditions ?? [];
    if (end !== undefined) {
      if (end.type === "Failed") await Promise.all(active.map((pod) => control.remove(job, pod)));
      conditions = withCondition(conditions, { ...end, lastProbeTime: now }, now);
      events.record(
        job,
        end.type === "Failed" ? "Warning" : "Normal",
        end.type === "Failed" ? (end.reason ?? "Failed") : "Completed",
        end.message ?? "Job completed",
      );
    }
    if (job.spec.suspend !== undefined) {
      const suspended: Condition = job.spec.suspend
        ? { type: "Suspended", status: "True", reason: "JobSuspended", message: "Job suspended" }
        : { type: "Suspended", status: "False", reason: "JobResumed", message: "Job resumed" };
      if (job.spec.suspend || findCondition(conditions, "Suspended") !== undefined) conditions = withCondition(conditions, suspended, now);
    }
    await writeStatus(job, {
      active: end?.type === "Failed" ? 0 : active.length,
      ready: active.filter(isPodReady).length,
      succeeded,
      failed,
      ...(job.spec.suspend === true ? {} : { startTime }),
      ...(end?.type === "Complete" ? { completionTime: now } : {}),
      ...(conditions.length === 0 ? {} : { conditions }),
    });
    if (end === undefined) await scale(job, active, succeeded, failed);
    else failedAt.delete(key);
  };

  const scale = async (job: Job, active: readonly Pod[], succeeded: number, failed: number): Promise<void> => {
    const key = keyOf(job);
    const parallelism = job.spec.suspend === true ? 0 : (job.spec.parallelism ?? 1);
    const { completions } = job.spec;
    // Without a number of completions the pods share a work queue: once one has succeeded no new one starts.
    const wanted =
      completions === undefined
        ? succeeded > 0
          ? Math.min(active.length, parallelism)
          : parallelism
        : Math.min(parallelism, completions - succeeded);
    if (active.length > wanted) {
      await Promise.all(
        rankForRemoval(active)
          .slice(0, active.length - wanted)
          .map((pod) => control.remove(job, pod)),
      );
      return;
    }
    if (active.length === wanted) return;
    const waitMs = failureWaitMs(key, failed);
    if (waitMs > 0) {
      controller.enqueueAfter(key, waitMs);
      return;
    }
    const uid = job.metadata.uid ?? "";
    const { name } = job.metadata;
    const labels = {
      "batch.kubernetes.io/controller-uid": uid,
      "controller-uid": uid,
      "batch.kubernetes.io/job-name": name,
      "job-name": name,
    };
    await slowStart(Math.min(wanted - active.length, BURST), () => control.create(job, job.spec.template, { labels }));
    controller.enqueue(key);
  };

  /** Failed pods are replaced after 10 s, 20 s, 40 s … (page "Jobs", "Pod backoff failure policy"). */
  const failureWaitMs = (key: string, failures: number): number => {
    if (failures === 0) return 0;
    const known = failedAt.get(key);
    if (known === undefined || known.failures < failures) failedAt.set(key, { failures, atMs: clock.monoMs() });
    const atMs = failedAt.get(key)?.atMs ?? 0;
    return atMs + Math.min(FAILURE_MAX_MS, FAILURE_BASE_MS * 2 ** Math.min(failures - 1, 10)) - clock.monoMs();
  };

  const expire = async (job: Job): Promise<void> => {
    if (job.spec.ttlSecondsAfterFinished === undefined) return;
    const finished = job.status?.conditions?.find(({ type, status }) => (type === "Complete" || type === "Failed") && status === "True");
    const leftMs = Date.parse(finished?.lastTransitionTime ?? "") + job.spec.ttlSecondsAfterFinished * 1000 - clock.wallMs();
    if (leftMs > 0) return controller.enqueueAfter(keyOf(job), leftMs);
    await client
      .delete(kinds.jobs, refOf(keyOf(job)), { propagationPolicy: "Background", preconditions: { uid: job.metadata.uid ?? "" } })
      .catch(ignoreGone);
  };

  const writeStatus = async (job: Job, status: NonNullable<Job["status"]>): Promise<void> => {
    if (JSON.stringify(pick(job.status)) === JSON.stringify(pick(status))) return;
    caches.jobs.observe(await client.patchStatus<Job>(kinds.jobs, refOf(keyOf(job)), { type: "merge", body: { status } }));
  };

  const controller = createController({ name: "job", workers: 4, reads: [caches.jobs, caches.pods], reconcile }, context);
  caches.jobs.subscribe((job, _before, isGone) => {
    if (isGone) failedAt.delete(keyOf(job));
    controller.enqueue(keyOf(job));
  });
  caches.pods.subscribe((pod) => {
    const owner = ownerKeyOf(pod, "Job");
    if (owner !== undefined) controller.enqueue(owner);
  });
  return controller;
}

/** Complete or Failed. */
export function isJobFinished(job: Job): boolean {
  return (
    findCondition(job.status?.conditions, "Complete")?.status === "True" ||
    findCondition(job.status?.conditions, "Failed")?.status === "True"
  );
}

function endOf(
  job: Job,
  counts: {
    readonly active: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly startTime: string;
    readonly nowMs: number;
  },
): Condition | undefined {
  const failed = (reason: string, message: string): Condition => ({ type: "Failed", status: "True", reason, message });
  if (counts.failed > (job.spec.backoffLimit ?? 6)) return failed("BackoffLimitExceeded", "Job has reached the specified backoff limit");
  const deadline = job.spec.activeDeadlineSeconds;
  if (deadline !== undefined && job.spec.suspend !== true && Date.parse(counts.startTime) + deadline * 1000 <= counts.nowMs) {
    return failed("DeadlineExceeded", "Job was active longer than specified deadline");
  }
  const { completions } = job.spec;
  const isComplete = completions === undefined ? counts.succeeded > 0 && counts.active === 0 : counts.succeeded >= completions;
  return isComplete
    ? { type: "Complete", status: "True", reason: "CompletionsReached", message: "Reached expected number of succeeded pods" }
    : undefined;
}

function pick(status: Job["status"]): unknown {
  return [
    status?.active ?? 0,
    status?.ready ?? 0,
    status?.succeeded ?? 0,
    status?.failed ?? 0,
    status?.startTime,
    status?.completionTime,
    (status?.conditions ?? []).map(({ type, status: value, reason }) => [type, value, reason]),
  ];
}
