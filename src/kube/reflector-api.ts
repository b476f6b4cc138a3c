import type { AppError, Clock, Random } from "../kernel/index.ts";
import type { Log, MetricsRegistry } from "../telemetry/index.ts";
import type { KubeClient } from "./client-api.ts";
import type { EvidenceItem, KubeEvidence } from "./evidence.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { KubeObject, Resource } from "./resource.ts";

/** What is mirrored, and how. */
export interface ReflectorOptions<T> {
  readonly resource: Resource;
  /** All namespaces when left out. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Turns an object into what the sink gets; an AppError it throws poisons that object alone. */
  readonly decode: (object: KubeObject) => T;
  /** The kind has a CustomResourceDefinition, which may be missing from the cluster, or be deleted with all its objects. */
  readonly optional?: boolean;
  /** Judges a complete list: a text says why it cannot be true; then it counts as a failure. */
  readonly implausible?: (items: readonly EvidenceItem<T>[]) => string | undefined;
  /** The highest revision known from before this process (snapshot). */
  readonly restoredRevision?: string;
  readonly pageLimit?: number;
  /** After this long without an event or bookmark the watch is made anew. */
  readonly silenceTimeoutMs?: number;
  /** After this long without an event or bookmark on any watch the kind is listed anew. */
  readonly silenceRelistMs?: number;
  /** The server is asked to end a watch after this much, or up to twice as much; sooner where `silenceTimeoutMs` is shorter than a bookmark takes. */
  readonly watchTimeoutSeconds?: number;
  readonly backoff?: { readonly baseMs: number; readonly capMs: number };
  /** How often an absent kind is looked for. */
  readonly absentRecheckMs?: number;
}

export const REFLECTOR_DEFAULTS = Object.freeze({
  pageLimit: 500,
  silenceTimeoutMs: 30_000,
  silenceRelistMs: 180_000,
  watchTimeoutSeconds: 300,
  backoff: { baseMs: 200, capMs: 10_000 },
  absentRecheckMs: 30_000,
});

export interface ReflectorDeps<T> {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  /** Called in order, synchronously. */
  readonly sink: (evidence: KubeEvidence<T>) => void;
  readonly onState?: (status: ReflectorStatus) => void;
  /** Of the same server: what one reflector hears vouches for the open watches of the others. */
  readonly heartbeat?: Heartbeat;
  readonly log?: Log;
  readonly metrics?: MetricsRegistry;
}

/** connecting: never heard. syncing: listed, not watching yet. live: listed and watching. failing: not heard now. absent: the kind is not installed. */
export type ReflectorState = "connecting" | "syncing" | "live" | "failing" | "absent";

export interface ReflectorStatus {
  readonly state: ReflectorState;
  /** Of the last list, event or bookmark. */
  readonly revision: string | undefined;
  /** Whether a complete list (or a proof of absence) was ever had by this process. */
  readonly synced: boolean;
  /** When the server was last heard on the monotonic clock: about this kind, or, while it is `live` or `absent`, about anything. */
  readonly lastSuccessMonoMs: number | undefined;
  /** Why it fails; only in state failing. */
  readonly error: AppError | undefined;
  /** Failures in a row. */
  readonly failures: number;
}

/** Mirrors one kind for as long as it runs, and never gives up. */
export interface Reflector {
  start(): void;
  /** Asks for one more complete list now (not sooner than a pause after a failure allows). */
  confirm(): void;
  status(): ReflectorStatus;
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>;
}
