import { createHash } from "node:crypto";
import { type Clock, messageOf } from "../../kernel/index.ts";
import { type KubeClient, type KubeObject, kinds } from "../../kube/index.ts";
import type { Log } from "../../telemetry/index.ts";
import { toTime } from "../objects/index.ts";

/** Writes Events, the ones a person looks for in `kubectl describe`. Best effort: work never waits for them nor fails with them. */
export interface EventRecorder {
  record(about: KubeObject, type: "Normal" | "Warning", reason: string, message: string): void;
}

export interface EventRecorderOptions {
  /** `source.component`: `kubelet`, `default-scheduler`. */
  readonly component: string;
  /** `source.host`, for kubelets. */
  readonly host?: string;
}

// One object may be talked about 25 times at once and then once in five minutes, as client-go's spam filter has it; the number
// of objects remembered and of Events under way is bounded, because a flood of pods is what the lab is about.
const BURST = 25;
const REFILL_MS = 300_000;
const REMEMBERED = 4096;
const UNDER_WAY = 16;
const MESSAGE_MAX = 1024;

/** See {@link EventRecorder}. The same Event again raises the count of the first. */
export function createEventRecorder(
  options: EventRecorderOptions,
  deps: { readonly client: KubeClient; readonly clock: Clock; readonly log: Log },
): EventRecorder {
  const seen = new Map<string, { name: string; count: number; firstTimestamp: string }>();
  const buckets = new Map<string, { tokens: number; atMs: number }>();
  let underWay = 0;

  const allowed = (uid: string): boolean => {
    const nowMs = deps.clock.monoMs();
    const bucket = buckets.get(uid) ?? { tokens: BURST, atMs: nowMs };
    bucket.tokens = Math.min(BURST, bucket.tokens + (nowMs - bucket.atMs) / REFILL_MS);
    bucket.atMs = nowMs;
    remember(buckets, uid, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  };

  const write = async (about: KubeObject, type: string, reason: string, message: string): Promise<void> => {
    const { name, namespace = "default", uid = "" } = about.metadata;
    const identity = `${uid}\n${type}\n${reason}\n${message}`;
    const now = toTime(deps.clock.wallMs());
    const earlier = seen.get(identity);
    if (earlier !== undefined) {
      earlier.count += 1;
      const body = { count: earlier.count, lastTimestamp: now };
      await deps.client.patch(kinds.events, { namespace, name: earlier.name }, { type: "merge", body }, CALL);
      return;
    }
    const suffix = createHash("sha256").update(`${identity}\n${deps.clock.wallMs()}`).digest("hex").slice(0, 16);
    const entry = { name: `${name}.${suffix}`, count: 1, firstTimestamp: now };
    remember(seen, identity, entry);
    const event: KubeObject & Readonly<Record<string, unknown>> = {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: entry.name, namespace },
      involvedObject: { apiVersion: about.apiVersion, kind: about.kind, name, namespace: about.metadata.namespace, uid },
      reason,
      message,
      type,
      count: 1,
      firstTimestamp: now,
      lastTimestamp: now,
      source: { component: options.component, ...(options.host === undefined ? {} : { host: options.host }) },
      reportingComponent: options.component,
      reportingInstance: options.host ?? "",
    };
    await deps.client.create(kinds.events, event, CALL);
  };

  return {
    record(about, type, reason, message) {
      if (underWay >= UNDER_WAY || !allowed(about.metadata.uid ?? about.metadata.name)) return;
      underWay += 1;
      write(about, type, reason, message.slice(0, MESSAGE_MAX))
        .catch((error: unknown) => deps.log.debug({ reason, about: about.metadata.name, error: messageOf(error) }, "event not written"))
        .finally(() => {
          underWay -= 1;
        });
    },
  };
}

const CALL = { timeoutMs: 5000, priority: "low" } as const;

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= REMEMBERED) return;
  const oldest = map.keys().next().value;
  if (oldest !== undefined) map.delete(oldest);
}
