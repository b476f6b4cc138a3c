import { AppError, sleep } from "../../kernel/index.ts";
import type { Clock } from "../../kernel/index.ts";
import type { KubeClient, KubeObject } from "../../kube/index.ts";
import { type JsonObject, objectsAt } from "../document/json.ts";
import type { PreparedFault, Sight } from "../fault/fault.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { experimentKinds } from "./kinds.ts";
import { type ClusterObject, listed } from "./listed.ts";
import { objectIfThere } from "./object-place.ts";

const EVICT_AGAIN_MS = 1_000;

export interface PodRemoval {
  readonly kind: string;
  /** An eviction asks the budgets (PodDisruptionBudget); a deletion does not. */
  readonly by: "eviction" | "deletion";
  /** The pod's own when left out. */
  readonly gracePeriodSeconds?: number;
  /** How long a budget may refuse before it is a failure. */
  readonly patienceMs: number;
}

/** Takes pods away. Nothing puts a pod back but its owner. */
export function preparePodRemoval(
  client: KubeClient,
  pods: readonly ClusterObject[],
  { kind, by, gracePeriodSeconds, patienceMs }: PodRemoval,
  clock: Clock,
): PreparedFault {
  const victims = pods.map(nameOf);
  return {
    kind,
    label: `${by} of ${pods.length === 1 ? `pod ${victims[0] ?? ""}` : `${pods.length} pods`}`,
    victims,
    undo: null,
    async apply(signal) {
      const options = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds };
      for (const pod of pods) {
        const { uid } = pod.metadata;
        const preconditions = uid === undefined ? {} : { preconditions: { uid } };
        if (by === "deletion") await client.delete(experimentKinds.pods, refOf(pod), { ...options, ...preconditions, signal });
        else await evict(client, pod, { ...options, ...preconditions }, patienceMs, clock, signal);
      }
      return pods.map(({ metadata }) => metadata.name);
    },
    witness: {
      label: "the API server's list of pods",
      isInjected: (signal) => everyOne(pods, async (pod) => removalOf(pod, await podNow(client, pod, signal))),
      isReverted: (signal) => ownersHavePods(client, pods, signal),
    },
  };
}

async function evict(
  client: KubeClient,
  pod: KubeObject,
  deleteOptions: object,
  patienceMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const untilMs = clock.monoMs() + patienceMs;
  const { name, namespace } = pod.metadata;
  const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace }, deleteOptions };
  for (;;) {
    try {
      await client.createSubresource(experimentKinds.pods, refOf(pod), "eviction", body, { signal, timeoutMs: 10_000 });
      return;
    } catch (error) {
      const isRefused = error instanceof AppError && error.code === "KUBE_THROTTLED";
      if (!isRefused) throw error;
      if (clock.monoMs() + EVICT_AGAIN_MS > untilMs)
        throw new ActivityFailed(`pod ${nameOf(pod)} may not be evicted: its PodDisruptionBudget allows none (${error.message})`);
    }
    await sleep(clock, EVICT_AGAIN_MS, signal);
    signal.throwIfAborted();
  }
}

/** Undefined when it is gone, or another one has its name. */
async function podNow(client: KubeClient, pod: KubeObject, signal: AbortSignal): Promise<ClusterObject | undefined> {
  const now = await objectIfThere(client, { resource: experimentKinds.pods, ref: refOf(pod) }, signal);
  return now?.metadata.uid === pod.metadata.uid ? now : undefined;
}

function removalOf(pod: KubeObject, now: ClusterObject | undefined): Sight {
  const uid = `${nameOf(pod)} (${pod.metadata.uid ?? ""})`;
  if (now === undefined) return { seen: true, evidence: `${uid} is gone` };
  const { deletionTimestamp } = now.metadata;
  if (deletionTimestamp === undefined) return { seen: false, evidence: `${uid} is there, and not being deleted` };
  return { seen: true, evidence: `${uid} is being deleted by ${deletionTimestamp}` };
}

async function everyOne(pods: readonly ClusterObject[], look: (pod: ClusterObject) => Promise<Sight>): Promise<Sight> {
  const sights = await Promise.all(pods.map(look));
  return { seen: sights.every(({ seen }) => seen), evidence: sights.map(({ evidence }) => evidence).join("; ") };
}

/** Whether each owner has as many ready pods as before: those that were taken have successors. */
async function ownersHavePods(client: KubeClient, pods: readonly ClusterObject[], signal: AbortSignal): Promise<Sight> {
  const taken = new Set(pods.map(({ metadata }) => metadata.uid));
  const missing: string[] = [];
  for (const [owner, lost] of Map.groupBy(pods, ownerOf)) {
    if (owner === undefined) {
      missing.push(...lost.map((pod) => `${nameOf(pod)} has no owner`));
      continue;
    }
    const namespace = lost[0]?.metadata.namespace ?? "";
    const now = await listed(client, experimentKinds.pods, { namespace, signal });
    const ready = now.filter((pod) => ownerOf(pod) === owner && isReady(pod) && !taken.has(pod.metadata.uid) && isYounger(pod, lost));
    if (ready.length < lost.length)
      missing.push(`${lost.length - ready.length} of ${lost.length} pods of ${namespace} have no ready successor`);
  }
  return { seen: missing.length === 0, evidence: missing.length === 0 ? "each has a ready successor" : missing.join("; ") };
}

function isYounger(pod: KubeObject, than: readonly KubeObject[]): boolean {
  return than.every(({ metadata }) => (metadata.creationTimestamp ?? "") <= (pod.metadata.creationTimestamp ?? ""));
}

function ownerOf({ metadata }: KubeObject): string | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
}

export function isReady(pod: ClusterObject): boolean {
  const isTrue = (condition: JsonObject): boolean => condition["type"] === "Ready" && condition["status"] === "True";
  return pod.metadata.deletionTimestamp === undefined && objectsAt(pod.status ?? {}, "conditions").some(isTrue);
}

function refOf({ metadata: { name, namespace } }: KubeObject) {
  return { name, ...(namespace === undefined ? {} : { namespace }) };
}

export function nameOf({ metadata: { name, namespace } }: KubeObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
