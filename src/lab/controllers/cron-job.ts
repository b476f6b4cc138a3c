import { AppError, messageOf } from "../../kernel/index.ts";
import { kinds } from "../../kube/index.ts";
import { type Controller, createController, keyOf, refOf } from "../machinery/index.ts";
import { type CronJob, type Job, findCondition, toTime } from "../objects/index.ts";
import { type ControllerContext, controllerOf, ownedBy, ownerKeyOf } from "./context.ts";
import { type CronSchedule, parseCronSchedule } from "./cron-schedule.ts";
import { ignoreGone } from "./deployment.ts";
import { isJobFinished } from "./job.ts";

/** Starts a Job of each CronJob when it is due (page "CronJob"). */
export function startCronJobController(context: ControllerContext): Controller {
  const { caches, client, clock, events, settings } = context;

  const reconcile = async (key: string): Promise<void> => {
    const cron = caches.cronJobs.get(key);
    if (cron === undefined || cron.metadata.deletionTimestamp !== undefined) return;
    const jobs = caches.jobs.byIndex("owner", cron.metadata.uid ?? "").filter((job) => controllerOf(job)?.uid === cron.metadata.uid);
    await dropHistory(cron, jobs);
    const lastScheduleTime = cron.spec.suspend === true ? undefined : await runDue(cron, jobs);
    await writeStatus(cron, jobs, lastScheduleTime);
  };

  /** Starts the Job that is due, if one is; answers the new `lastScheduleTime`. */
  const runDue = async (cron: CronJob, jobs: readonly Job[]): Promise<string | undefined> => {
    const nowMs = clock.wallMs();
    const createdMs = Date.parse(cron.metadata.creationTimestamp ?? toTime(nowMs));
    let schedule: CronSchedule;
    try {
      schedule = parseCronSchedule(cron.spec.schedule, {
        timeZone: cron.spec.timeZone,
        minuteMs: settings.minuteMs,
        anchorMs: Math.floor(createdMs / 60_000) * 60_000,
      });
    } catch (error) {
      events.record(cron, "Warning", "UnparseableSchedule", messageOf(error));
      return undefined;
    }
    const nextMs = schedule.next(nowMs);
    if (nextMs !== undefined) controller.enqueueAfter(keyOf(cron), nextMs - nowMs + 1);
    const deadlineMs =
      cron.spec.startingDeadlineSeconds === undefined ? Number.NEGATIVE_INFINITY : nowMs - cron.spec.startingDeadlineSeconds * 1000;
    const doneUntilMs = Math.max(
      deadlineMs,
      Date.parse(cron.status?.lastScheduleTime ?? "") || createdMs,
      latestJobMs(cron, jobs, schedule, createdMs),
    );
    const due = schedule.latestDue(doneUntilMs, nowMs);
    if (due === undefined) return undefined;
    if (due.missed >= 100)
      events.record(
        cron,
        "Warning",
        "TooManyMissedTimes",
        "too many missed start times (> 100). Set or decrease .spec.startingDeadlineSeconds or check clock skew",
      );
    const active = jobs.filter((job) => !isJobFinished(job));
    if (cron.spec.concurrencyPolicy === "Forbid" && active.length > 0) {
      events.record(
        cron,
        "Normal",
        "JobAlreadyActive",
        "Not starting job because prior execution is running and concurrency policy is Forbid",
      );
      return undefined;
    }
    if (cron.spec.concurrencyPolicy === "Replace") {
      for (const job of active) await client.delete(kinds.jobs, refOf(keyOf(job)), { propagationPolicy: "Background" }).catch(ignoreGone);
    }
    await createJob(cron, schedule.minuteOf(due.atMs), due.atMs);
    return toTime(due.atMs);
  };

  const createJob = async (cron: CronJob, minute: number, atMs: number): Promise<void> => {
    const { name, namespace = "" } = cron.metadata;
    const { metadata, spec } = cron.spec.jobTemplate;
    const annotations = { ...metadata?.annotations, "batch.kubernetes.io/cronjob-scheduled-timestamp": toTime(atMs) };
    const labels = metadata?.labels === undefined ? {} : { labels: metadata.labels };
    const job: Job = {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: `${name}-${minute}`, namespace, ...labels, annotations, ownerReferences: ownedBy(cron) },
      spec,
    };
    try {
      caches.jobs.observe(await client.create<Job>(kinds.jobs, job));
      events.record(cron, "Normal", "SuccessfulCreate", `Created job ${job.metadata.name}`);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "KUBE_ALREADY_EXISTS") throw error;
    }
  };

  const dropHistory = async (cron: CronJob, jobs: readonly Job[]): Promise<void> => {
    const drop = async (type: string, limit: number): Promise<void> => {
      const finished = jobs
        .filter((job) => findCondition(job.status?.conditions, type)?.status === "True")
        .sort((one, two) => (one.status?.startTime ?? "").localeCompare(two.status?.startTime ?? ""));
      for (const job of finished.slice(0, Math.max(0, finished.length - limit))) {
        await client.delete(kinds.jobs, refOf(keyOf(job)), { propagationPolicy: "Background" }).catch(ignoreGone);
        events.record(cron, "Normal", "SuccessfulDelete", `Deleted job ${job.metadata.name}`);
      }
    };
    await drop("Complete", cron.spec.successfulJobsHistoryLimit ?? 3);
    await drop("Failed", cron.spec.failedJobsHistoryLimit ?? 1);
  };

  const writeStatus = async (cron: CronJob, jobs: readonly Job[], scheduled: string | undefined): Promise<void> => {
    const active = jobs
      .filter((job) => !isJobFinished(job))
      .map(({ metadata }) => ({
        apiVersion: "batch/v1",
        kind: "Job",
        name: metadata.name,
        namespace: metadata.namespace ?? "",
        uid: metadata.uid ?? "",
      }))
      .sort((one, two) => one.name.localeCompare(two.name));
    const completed =
      jobs
        .map((job) => job.status?.completionTime ?? "")
        .sort()
        .at(-1) ?? "";
    const lastScheduleTime = scheduled ?? cron.status?.lastScheduleTime;
    const lastSuccessfulTime = [completed, cron.status?.lastSuccessfulTime ?? ""].sort().at(-1) ?? "";
    const names = (list: readonly { readonly name: string }[] | undefined): string => (list ?? []).map(({ name }) => name).join(" ");
    const same =
      names(cron.status?.active) === names(active) &&
      lastScheduleTime === cron.status?.lastScheduleTime &&
      lastSuccessfulTime === (cron.status?.lastSuccessfulTime ?? "");
    if (same) return;
    const status = {
      active,
      ...(lastScheduleTime === undefined ? {} : { lastScheduleTime }),
      ...(lastSuccessfulTime === "" ? {} : { lastSuccessfulTime }),
    };
    caches.cronJobs.observe(await client.patchStatus<CronJob>(kinds.cronJobs, refOf(keyOf(cron)), { type: "merge", body: { status } }));
  };

  const controller = createController({ name: "cronjob", workers: 2, reads: [caches.cronJobs, caches.jobs], reconcile }, context);
  caches.cronJobs.subscribe((cron) => controller.enqueue(keyOf(cron)));
  caches.jobs.subscribe((job) => {
    const owner = ownerKeyOf(job, "CronJob");
    if (owner !== undefined) controller.enqueue(owner);
  });
  return controller;
}

/** The time of the newest Job that is there: a status that could not be written must not start a Job twice. */
function latestJobMs(cron: CronJob, jobs: readonly Job[], schedule: CronSchedule, fallbackMs: number): number {
  const times = jobs.map((job) => Date.parse(job.metadata.annotations?.["batch.kubernetes.io/cronjob-scheduled-timestamp"] ?? ""));
  const known = times.filter((atMs) => Number.isFinite(atMs) && schedule.minuteOf(atMs) > 0);
  return Math.max(Date.parse(cron.metadata.creationTimestamp ?? "") || fallbackMs, ...known);
}
