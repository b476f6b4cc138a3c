import { isIP } from "node:net";
import type { HeldRemoval, HoldDecision } from "../../admin/index.ts";
import { AppError, type Clock, type Random, isRecord } from "../../kernel/index.ts";
import { type KubeClient, type KubeObject, createHeartbeat, kinds } from "../../kube/index.ts";
import { type SourceStatus, createMirror } from "../../mirror/index.ts";
import type { Log, MetricsRegistry } from "../../telemetry/index.ts";
import type { Evidence } from "../evidence.ts";
import type { WantedTarget } from "../plan/wanted-targets.ts";

export interface RouterPodsOptions {
  readonly namespace: string;
  /** `application=holdfast-router` and its like. */
  readonly labelSelector: string;
  /** On which routers are asked. */
  readonly port: number;
  /** What was not heard of for longer is stale. */
  readonly staleAfterMs?: number;
}

export interface RouterPodsDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: MetricsRegistry;
  readonly onChange: () => void;
}

/** The routers' pods, for target groups of type `ip`. */
export interface RouterPods {
  start(): void;
  /** All that are there, ready or not; the load balancer itself looks after the health of its targets. */
  targets(): Evidence<readonly WantedTarget[]>;
  status(): SourceStatus;
  held(): readonly HeldRemoval[];
  /** False when it does not hold the id. Throws AppError `HOLD_DECISION`. */
  decide(decision: HoldDecision): boolean;
  stop(): Promise<void>;
}

interface RouterPod {
  /** Undefined before it has one. */
  readonly address: string | undefined;
  readonly isReady: boolean;
  /** Being deleted, or ended: it will not serve again. */
  readonly isGoing: boolean;
}

const STALE_AFTER_MS = 60_000;

/** Follows the pods that a label selects. What is missing in a list is held as everything is; a pod that is deleted goes at once. */
export function createRouterPods(options: RouterPodsOptions, deps: RouterPodsDeps): RouterPods {
  const { namespace, labelSelector, port, staleAfterMs = STALE_AFTER_MS } = options;
  const silenceMs = (staleAfterMs * 2) / 3;
  const heartbeat = createHeartbeat({ resource: kinds.pods, silenceMs, timeoutMs: staleAfterMs - silenceMs }, deps);
  const mirror = createMirror<RouterPod, RouterPod>(
    {
      resource: kinds.pods,
      namespace,
      labelSelector,
      decode: readPod,
      restore() {
        throw new AppError("ALB_STATE_CORRUPT", "pods are not kept");
      },
      toMembers: (sink) => sink,
    },
    { ...deps, heartbeat, store: undefined, onStatus() {}, onPoisoned() {} },
  );
  let freshAtMs = 0;

  /** Whether a router is ready, by its address. */
  const addresses = (): ReadonlyMap<string, boolean> => {
    const found = new Map<string, boolean>();
    for (const { value } of mirror.accepted.values()) {
      const { address, isReady, isGoing } = value;
      if (address !== undefined && !isGoing) found.set(address, isReady || found.get(address) === true);
    }
    return found;
  };

  return {
    start() {
      mirror.start();
      heartbeat.start();
    },
    targets() {
      const { problem } = mirror.status();
      if (!mirror.isKnown) return { state: "unknown", why: problem ?? "the routers' pods were not listed yet" };
      const value = [...addresses()]
        .map(([id, isReady]): WantedTarget => ({ id, port, zone: undefined, ...(isReady ? {} : { isUnready: true }) }))
        .toSorted((one, other) => (one.id < other.id ? -1 : 1));
      if (!mirror.isLive || (mirror.ageMs ?? Infinity) > staleAfterMs)
        return { state: "stale", value, atMs: freshAtMs, why: problem ?? "the routers' pods are not followed now" };
      freshAtMs = deps.clock.wallMs();
      return { state: "fresh", value, atMs: freshAtMs };
    },
    status: () => mirror.status(),
    held: () => mirror.held(),
    decide: ({ id, verb, principal, ttlSeconds, reason }) => mirror.decide(id, verb, { principal, ttlMs: ttlSeconds * 1000, why: reason }),
    async stop() {
      await Promise.all([heartbeat.stop(), mirror.stop()]);
    },
  };
}

/** Whether a pod takes requests is said by its condition Ready (page "Pod Lifecycle"), not by one of its containers. */
function readPod(object: KubeObject): RouterPod {
  const { status } = object as { readonly status?: unknown };
  const { podIP, phase, conditions } = isRecord(status) ? status : {};
  if (podIP !== undefined && podIP !== "" && (typeof podIP !== "string" || isIP(podIP) === 0))
    throw new AppError("ALB_POD", `status.podIP: expected an IP address, got ${JSON.stringify(podIP)}`);
  const ready = Array.isArray(conditions) ? conditions.find((one) => isRecord(one) && one["type"] === "Ready") : undefined;
  return {
    address: podIP === "" ? undefined : podIP,
    isReady: isRecord(ready) && ready["status"] === "True",
    isGoing: object.metadata.deletionTimestamp !== undefined || phase === "Succeeded" || phase === "Failed",
  };
}
