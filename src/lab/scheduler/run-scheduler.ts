import { AppError, messageOf, sleep, systemClock, systemRandom } from "../../kernel/index.ts";
import { kinds } from "../../kube/index.ts";
import type { Log } from "../../telemetry/index.ts";
import { serveUntil } from "../control/index.ts";
import { createPartClient, createEventRecorder, createInformer, createWorkQueue, keyOf, refOf } from "../machinery/index.ts";
import { type Node, type Pod, findCondition, isPodFinished, toTime } from "../objects/index.ts";
import { type SchedulerConfig, readSchedulerConfig } from "./config.ts";
import { reasonsAgainst, unschedulableMessage } from "./filters.ts";
import { type NodeView, account, viewOf } from "./node-view.ts";
import { createSchedulingQueue } from "./scheduling-queue.ts";
import { pickNode } from "./scoring.ts";

/** A scheduler that runs. */
export interface Scheduler {
  readonly queue: { readonly active: number; readonly backoff: number; readonly unschedulable: number };
  stop(): Promise<void>;
}

const ASSUMED_MS = 30_000;
const IN_A_ROW = 100;
const BINDS_UNDER_WAY = 16;

/** Binds pods to nodes (page "Kubernetes Scheduler"). @throws AppError SCHEDULER_BAD_CONFIG. */
export function startScheduler(config: SchedulerConfig, deps: { readonly log: Log }): Scheduler {
  const settings = readSchedulerConfig(config);
  const { log } = deps;
  const clock = systemClock;
  const base = { clock, random: systemRandom, log };
  const client = createPartClient({ api: settings.api, userAgent: "scheduler", ratePerSecond: 200, queueLimit: 10_000 }, base);
  const events = createEventRecorder({ component: settings.schedulerName }, { ...base, client });
  const pods = createInformer<Pod>({ resource: kinds.pods }, { ...base, client });
  const nodes = createInformer<Node>({ resource: kinds.nodes }, { ...base, client });
  const queue = createSchedulingQueue(
    { initialBackoffMs: settings.podInitialBackoffMs, maxBackoffMs: settings.podMaxBackoffMs, flushMs: settings.unschedulableFlushMs },
    clock,
  );
  const views = new Map<string, NodeView>();
  /** Which node each pod is counted on; a binding under way counts from the moment it is decided. */
  const counted = new Map<string, { pod: Pod; node: string; assumedUntilMs: number }>();
  const stopping = new AbortController();
  let wake = (): void => {};
  let binding = 0;

  const isOurs = (pod: Pod): boolean => (pod.spec.schedulerName ?? settings.schedulerName) === settings.schedulerName;
  const uncount = (key: string): void => {
    const entry = counted.get(key);
    if (entry === undefined) return;
    counted.delete(key);
    const view = views.get(entry.node);
    if (view !== undefined) account(view, entry.pod, -1);
  };
  const countOn = (key: string, pod: Pod, node: string, assumedUntilMs: number): void => {
    uncount(key);
    counted.set(key, { pod, node, assumedUntilMs });
    const view = views.get(node);
    if (view !== undefined) account(view, pod, 1);
  };

  pods.subscribe((pod, before, isGone) => {
    const key = keyOf(pod);
    const node = pod.spec.nodeName ?? "";
    if (isGone || isPodFinished(pod)) {
      queue.forget(key);
      if (counted.has(key)) {
        uncount(key);
        queue.moveAll();
      }
    } else if (node !== "") {
      queue.forget(key);
      const known = counted.get(key);
      if (known?.node !== node || known.pod.metadata.uid !== pod.metadata.uid) countOn(key, pod, node, Number.POSITIVE_INFINITY);
      else known.assumedUntilMs = Number.POSITIVE_INFINITY;
    } else if (pod.metadata.deletionTimestamp !== undefined || !isOurs(pod)) queue.forget(key);
    else if (before === undefined || before.metadata.uid !== pod.metadata.uid || JSON.stringify(before.spec) !== JSON.stringify(pod.spec))
      queue.add(key, pod.spec.priority ?? 0);
  });
  nodes.subscribe((node, before, isGone) => {
    const { name } = node.metadata;
    if (isGone) {
      views.delete(name);
      return;
    }
    // A heartbeat changes no decision.
    if (before !== undefined && essence(before) === essence(node)) return;
    const view = viewOf(node);
    views.set(name, view);
    for (const entry of counted.values()) if (entry.node === name) account(view, entry.pod, 1);
    queue.moveAll();
  });

  /** Tells of pods that fit nowhere; beside the decisions, because a flood of them must not hold up the others. */
  const complaints = new Map<string, string>();
  const complainer = createWorkQueue(
    { name: "unschedulable", workers: 4, baseMs: 500, maxMs: 10_000 },
    {
      ...base,
      async reconcile(key) {
        const pod = pods.get(key);
        const message = complaints.get(key);
        complaints.delete(key);
        if (pod === undefined || message === undefined || (pod.spec.nodeName ?? "") !== "") return;
        const old = findCondition(pod.status?.conditions, "PodScheduled");
        events.record(pod, "Warning", "FailedScheduling", message);
        if (old?.status === "False" && old.message === message) return;
        const condition = {
          type: "PodScheduled",
          status: "False",
          reason: "Unschedulable",
          message,
          lastTransitionTime: old?.lastTransitionTime ?? toTime(clock.wallMs()),
        } as const;
        const body = { metadata: { uid: pod.metadata.uid }, status: { conditions: [condition] } };
        try {
          pods.observe(await client.patchStatus<Pod>(kinds.pods, refOf(key), { type: "strategic", body }, { priority: "low" }));
        } catch (error) {
          if (error instanceof AppError && (error.code === "KUBE_NOT_FOUND" || error.code === "KUBE_CONFLICT")) return;
          if (!complaints.has(key)) complaints.set(key, message);
          throw error;
        }
      },
    },
  );

  const bind = async (key: string, pod: Pod, node: string): Promise<void> => {
    const { name, namespace = "", uid } = pod.metadata;
    const target = { apiVersion: "v1", kind: "Node", name: node };
    try {
      await client.createSubresource(kinds.pods, { name, namespace }, "binding", {
        apiVersion: "v1",
        kind: "Binding",
        metadata: { name, namespace, uid },
        target,
      });
      events.record(pod, "Normal", "Scheduled", `Successfully assigned ${key} to ${node}`);
    } catch (error) {
      uncount(key);
      const isSettled = error instanceof AppError && (error.code === "KUBE_NOT_FOUND" || error.code === "KUBE_CONFLICT");
      // Gone, or bound by an attempt whose answer was lost: the watch tells which.
      if (isSettled) log.debug({ pod: key, error: messageOf(error) }, "binding refused");
      queue.failed(key);
    }
  };

  const scheduleOne = (key: string): Promise<void> | undefined => {
    const pod = pods.get(key);
    if (pod === undefined || (pod.spec.nodeName ?? "") !== "" || pod.metadata.deletionTimestamp !== undefined) {
      queue.forget(key);
      return undefined;
    }
    const reasons = new Map<string, number>();
    const fitting: NodeView[] = [];
    for (const view of views.values()) {
      const against = reasonsAgainst(pod, view);
      if (against.length === 0) fitting.push(view);
      for (const reason of against) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    const best = pickNode(pod, fitting, views.values());
    if (best === undefined) {
      queue.unschedulable(key);
      complaints.set(key, unschedulableMessage(views.size, reasons));
      complainer.add(key);
      return undefined;
    }
    const node = best.node.metadata.name;
    countOn(key, pod, node, clock.monoMs() + ASSUMED_MS);
    return bind(key, pod, node);
  };

  const run = async (): Promise<void> => {
    queue.onActive(() => wake());
    let inARow = 0;
    while (!stopping.signal.aborted) {
      dropAssumed();
      // Decisions from a copy that is known to be old would put pods where no room is.
      const key = pods.synced && nodes.synced && binding < BINDS_UNDER_WAY ? queue.pop() : undefined;
      if (key === undefined) {
        await waitForWork();
        continue;
      }
      const bound = scheduleOne(key);
      if (bound !== undefined) {
        binding += 1;
        void bound.finally(() => {
          binding -= 1;
          wake();
        });
      }
      inARow += 1;
      if (inARow % IN_A_ROW === 0) await sleep(clock, 1);
    }
  };
  let assumedLookMs = clock.monoMs();
  /** A binding that went through but was never heard of again does not hold its place for ever. */
  const dropAssumed = (): void => {
    const nowMs = clock.monoMs();
    if (nowMs - assumedLookMs < ASSUMED_MS) return;
    assumedLookMs = nowMs;
    for (const [key, { assumedUntilMs }] of counted) if (assumedUntilMs <= nowMs) uncount(key);
  };
  const waitForWork = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = clock.timer(250, resolve);
      wake = () => {
        timer.cancel();
        resolve();
      };
    });

  nodes.start();
  pods.start();
  const running = run();
  return {
    get queue() {
      return queue.sizes;
    },
    async stop() {
      stopping.abort();
      wake();
      await running;
      queue.close();
      await Promise.all([pods.stop(), nodes.stop()]);
      await client.close();
      await complainer.close();
    },
  };
}

/** The scheduler as a process of the lab: one line `ready` on standard output, then until `signal` aborts. */
export async function runScheduler(config: SchedulerConfig, deps: { readonly log: Log; readonly signal: AbortSignal }): Promise<void> {
  const scheduler = startScheduler(config, deps);
  await serveUntil(deps.signal);
  await scheduler.stop();
}

function essence(node: Node): string {
  const ready = findCondition(node.status?.conditions, "Ready")?.status;
  return JSON.stringify([node.spec, node.metadata.labels, node.metadata.deletionTimestamp, node.status?.allocatable, ready]);
}
