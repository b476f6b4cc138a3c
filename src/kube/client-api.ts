import type { Clock, Random } from "../kernel/index.ts";
import type { CallerOptions, Priority } from "../call/index.ts";
import type { Log, MetricsRegistry } from "../telemetry/index.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import type { KubeList } from "./decode.ts";
import type { KubeObject, Resource } from "./resource.ts";
import type { WatchStream } from "./watch-stream.ts";

/** Settings of a {@link KubeClient}. */
export interface KubeClientOptions {
  readonly cluster: ClusterConfig;
  readonly userAgent?: string;
  readonly connectTimeoutMs?: number;
  /** Whole call with its retries; of a list: each page. */
  readonly timeoutMs?: number;
  /** Until the head of an answer is there. */
  readonly headTimeoutMs?: number;
  /** Longest silence within an answer (not of a watch, which has its own). */
  readonly bodySilenceTimeoutMs?: number;
  /** Largest body of an answer, in bytes. */
  readonly bodyLimitBytes?: number;
  /** Asked just before a write is sent, after all waiting; what it throws is what the call rejects with, and nothing is sent. */
  readonly guard?: () => void;
  /** Retries, circuit breaker and client-side rate limit, where not the defaults of `src/call`. */
  readonly caller?: Omit<CallerOptions, "name" | "classify">;
}

export const KUBE_CLIENT_DEFAULTS = Object.freeze({
  userAgent: "holdfast",
  connectTimeoutMs: 3_000,
  timeoutMs: 30_000,
  headTimeoutMs: 10_000,
  bodySilenceTimeoutMs: 10_000,
  bodyLimitBytes: 256 * 1024 * 1024,
});

export interface KubeClientDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: Log;
  readonly metrics?: MetricsRegistry;
}

/** Which object; `namespace` of a namespaced kind must be there. */
export interface ObjectRef {
  readonly name: string;
  readonly namespace?: string;
}

export interface CallOptions {
  readonly timeoutMs?: number;
  readonly priority?: Priority;
  readonly signal?: AbortSignal;
}

export interface SelectOptions extends CallOptions {
  /** All namespaces when left out. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface ListOptions extends SelectOptions {
  /** Objects per page (500); the server may send more. */
  readonly limit?: number;
  /** `"0"` allows any version from the server's cache; left out, the list is of the most recent one. */
  readonly resourceVersion?: string;
}

export interface WriteOptions extends CallOptions {
  readonly fieldManager?: string;
  readonly fieldValidation?: "Strict" | "Warn" | "Ignore";
  readonly dryRun?: boolean;
  /** `status`, `scale`, `eviction`… */
  readonly subresource?: string;
}

export interface Patch {
  readonly type: "merge" | "strategic" | "json" | "apply";
  readonly body: unknown;
  /** Apply only: take fields over from other managers. */
  readonly force?: boolean;
}

export interface DeleteOptions extends CallOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: "Foreground" | "Background" | "Orphan";
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

export interface WatchOptions extends SelectOptions {
  /** Watch from here; required, because a watch from nowhere starts with a list that cannot be told from changes. */
  readonly resourceVersion: string;
  /** The server ends the watch after this. */
  readonly serverTimeoutSeconds: number;
  /** Longest time without an event or bookmark; then KUBE_TIMEOUT_BODY. */
  readonly silenceTimeoutMs: number;
}

/** A path of the server that is no resource (`/version`, logs). */
export interface PathRequest extends CallOptions {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly accept?: string;
}

/**
 * The Kubernetes REST API, typed as far as `metadata`; what `T` adds is the caller's claim and is not checked here. Every method
 * rejects with an AppError whose code is listed in docs/reference/errors/kube.md; `statusOf(error)` has what the server said.
 * Reads are retried within their time limit; writes only where a repetition cannot do harm.
 */
export interface KubeClient {
  get<T extends KubeObject = KubeObject>(
    resource: Resource,
    ref: ObjectRef,
    options?: CallOptions & { readonly subresource?: string },
  ): Promise<T>;
  /** All pages, of one revision. Throws KUBE_EXPIRED if the list takes longer than the server keeps that revision. */
  list<T extends KubeObject = KubeObject>(resource: Resource, options?: ListOptions): Promise<KubeList<T>>;
  listPage<T extends KubeObject = KubeObject>(
    resource: Resource,
    options?: ListOptions & { readonly continueToken?: string },
  ): Promise<KubeList<T>>;
  create<T extends KubeObject = KubeObject>(resource: Resource, object: KubeObject, options?: WriteOptions): Promise<T>;
  /** Carries `metadata.resourceVersion` of the object, if it has one, as its precondition. */
  replace<T extends KubeObject = KubeObject>(resource: Resource, object: KubeObject, options?: WriteOptions): Promise<T>;
  patch<T extends KubeObject = KubeObject>(resource: Resource, ref: ObjectRef, patch: Patch, options?: WriteOptions): Promise<T>;
  /** `patch` on the status subresource. */
  patchStatus<T extends KubeObject = KubeObject>(resource: Resource, ref: ObjectRef, patch: Patch, options?: WriteOptions): Promise<T>;
  /** POST to a subresource (`eviction`, `binding`, `token`); answers whatever the server does. */
  createSubresource(resource: Resource, ref: ObjectRef, subresource: string, body: unknown, options?: CallOptions): Promise<unknown>;
  delete(resource: Resource, ref: ObjectRef, options?: DeleteOptions): Promise<void>;
  deleteCollection(
    resource: Resource,
    options: SelectOptions & Pick<DeleteOptions, "gracePeriodSeconds" | "propagationPolicy">,
  ): Promise<void>;
  /** Resolves when the server has accepted the watch. */
  watch<T extends KubeObject = KubeObject>(resource: Resource, options: WatchOptions): Promise<WatchStream<T>>;
  /** Any path; resolves with the text of a 2xx answer. */
  request(request: PathRequest): Promise<string>;
  /** Any path, JSON in the answer. */
  requestJson(request: PathRequest): Promise<unknown>;
  /** Breaks off everything under way, watches too. */
  close(): Promise<void>;
}
