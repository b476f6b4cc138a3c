import { createHash } from "node:crypto";
import { AppError } from "../../kernel/index.ts";
import { type KubeObject, kinds } from "../../kube/index.ts";
import { type Pod, type PodTemplate, isPodActive, isPodReady } from "../objects/index.ts";
import { type ControllerContext, ownedBy } from "./context.ts";

/** Makes and deletes the pods of one controller; both are seen by its next look even before the watch tells of them. */
export interface PodControl {
  /** One pod of `template`. `more` is put into its metadata's labels and its spec. */
  create(
    owner: KubeObject,
    template: PodTemplate,
    more?: { readonly labels?: Readonly<Record<string, string>>; readonly spec?: Partial<Pod["spec"]> },
  ): Promise<void>;
  remove(owner: KubeObject, pod: Pod): Promise<void>;
  /** Neither finished nor being deleted, as far as we know and have asked for. */
  isActive(pod: Pod): boolean;
}

const REMOVAL_MEMORY_MS = 60_000;
// More at a time would not be faster, and whoever else asks the API server would wait behind them all.
const BATCH_MAX = 16;

/** See {@link PodControl}. */
export function createPodControl(context: ControllerContext): PodControl {
  const { caches, client, clock, events } = context;
  const removing = new Map<string, number>();
  return {
    async create(owner, template, more = {}) {
      const metadata = {
        name: "",
        generateName: `${owner.metadata.name}-`,
        namespace: owner.metadata.namespace ?? "",
        labels: { ...template.metadata?.labels, ...more.labels },
        ...(template.metadata?.annotations === undefined ? {} : { annotations: template.metadata.annotations }),
        ownerReferences: ownedBy(owner),
      };
      const pod: Pod = { apiVersion: "v1", kind: "Pod", metadata, spec: { ...template.spec, ...more.spec } };
      try {
        const made = await client.create<Pod>(kinds.pods, pod);
        caches.pods.observe(made);
        events.record(owner, "Normal", "SuccessfulCreate", `Created pod: ${made.metadata.name}`);
      } catch (error) {
        if (error instanceof AppError && (error.code === "KUBE_INVALID" || error.code === "KUBE_FORBIDDEN")) {
          events.record(owner, "Warning", "FailedCreate", `Error creating: ${error.message}`);
        }
        throw error;
      }
    },
    async remove(owner, pod) {
      const { uid = "", name, namespace = "" } = pod.metadata;
      const nowMs = clock.monoMs();
      for (const [other, untilMs] of removing) if (untilMs <= nowMs) removing.delete(other);
      removing.set(uid, nowMs + REMOVAL_MEMORY_MS);
      try {
        await client.delete(kinds.pods, { name, namespace }, { preconditions: { uid } });
        events.record(owner, "Normal", "SuccessfulDelete", `Deleted pod: ${name}`);
      } catch (error) {
        if (error instanceof AppError && (error.code === "KUBE_NOT_FOUND" || error.code === "KUBE_CONFLICT")) return;
        removing.delete(uid);
        throw error;
      }
    },
    isActive: (pod) => isPodActive(pod) && !removing.has(pod.metadata.uid ?? ""),
  };
}

/**
 * Calls `one` `count` times: one at first, then twice as many at a time with each round that went well, so that a refusal that
 * holds for all costs one call and not hundreds. Stops after the first round with a failure and rejects with it.
 */
export async function slowStart(count: number, one: () => Promise<void>, batchMax = BATCH_MAX): Promise<void> {
  let left = count;
  for (let batch = 1; left > 0; batch = Math.min(batch * 2, batchMax)) {
    const now = Math.min(batch, left);
    const outcomes = await Promise.allSettled(Array.from({ length: now }, one));
    left -= now;
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }
}

/** The pods to lose first: not running anywhere, not ready, then the youngest (page "ReplicaSet", "Scaling a ReplicaSet"). */
export function rankForRemoval(pods: readonly Pod[]): readonly Pod[] {
  const rank = (pod: Pod): readonly number[] => [
    pod.spec.nodeName === undefined ? 0 : 1,
    pod.status?.phase === "Running" ? 1 : 0,
    isPodReady(pod) ? 1 : 0,
    Number(pod.metadata.annotations?.["controller.kubernetes.io/pod-deletion-cost"] ?? 0),
    -Date.parse(pod.metadata.creationTimestamp ?? ""),
  ];
  return pods
    .map((pod) => ({ pod, by: rank(pod) }))
    .sort((one, two) => {
      const at = one.by.findIndex((value, index) => value !== two.by[index]);
      return at < 0 ? one.pod.metadata.name.localeCompare(two.pod.metadata.name) : (one.by[at] ?? 0) - (two.by[at] ?? 0);
    })
    .map(({ pod }) => pod);
}

/** Ten characters that differ between templates; the same whatever the order of their fields. */
export function hashTemplate(template: PodTemplate, collisionCount = 0): string {
  return createHash("sha256").update(canonical(template)).update(String(collisionCount)).digest("hex").slice(0, 10);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  return `{${entries
    .sort(([one], [two]) => (one < two ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`)
    .join(",")}}`;
}

/** A number, or a share of `total`, as `maxSurge` (rounded up) and `maxUnavailable` (rounded down) are written. */
export function resolveShare(value: number | string | undefined, fallback: number | string, total: number, round: "up" | "down"): number {
  const wanted = value ?? fallback;
  if (typeof wanted === "number") return wanted;
  const percent = /^(\d{1,4})%$/.exec(wanted);
  if (percent === null) return /^\d{1,6}$/.test(wanted) ? Number(wanted) : 0;
  const share = (total * Number(percent[1])) / 100;
  return round === "up" ? Math.ceil(share) : Math.floor(share);
}
