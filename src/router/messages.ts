import type { HeldRemoval, HoldDecision } from "../admin/index.ts";
import type { SourceStatus } from "../mirror/index.ts";
import type { TraceOptions } from "../tracing/index.ts";
import type { AuthSettings } from "../auth/index.ts";
import type { EndpointStats } from "../proxy/index.ts";
import type { ApiUsageSettings, Pool } from "../route/index.ts";
import type { SharedLimitOptions } from "../shared-limits/index.ts";
import type { FamilyDump } from "../telemetry/index.ts";
import type { CertificateStatus } from "./certificate-status.ts";
import type { GenerationHeader } from "./generation.ts";
import type { LogSettings } from "./log-settings.ts";
import type { BackendTls, ProxyProtocolOptions, TlsListener } from "./listeners.ts";

/**
 * What the table's source is worth now. `live`: every kind is synced and its watch speaks. `restored`: a snapshot not yet
 * confirmed. `stale`: a source has been silent for longer than its bound.
 */
export type Knowledge = "live" | "restored" | "stale";

/** An object that is not served as written: what is wrong, and whether an older version serves in its place. */
export interface ObjectProblem {
  /** `Ingress shop/web`. */
  readonly object: string;
  readonly message: string;
  readonly lastGoodServes: boolean;
}

/** What the control process says of itself, at every change and at least once a second. */
export interface ControlStatus {
  readonly knowledge: Knowledge;
  readonly sources: Readonly<Record<string, SourceStatus>>;
  readonly held: readonly HeldRemoval[];
  readonly problems: readonly ObjectProblem[];
  readonly snapshot: { readonly writes: number; readonly errors: number; readonly lastError?: string; readonly lastWriteAtMs?: number };
  /** Only with policy naive: whether the API server answered the last time it was asked. */
  readonly apiAnswers?: boolean;
}

export type LogRecord = {
  readonly type: "log";
  readonly level: "debug" | "info" | "warn" | "error";
  readonly fields: object;
  readonly message: string;
};

/** A child that cannot go on because of what it was told to do; the router ends with `exitCode` and this one line. */
export type Fatal = { readonly type: "fatal"; readonly code: string; readonly message: string };

export type StatsReply = { readonly type: "stats"; readonly id: number; readonly metrics: readonly FamilyDump[] };

export interface PoolChanges {
  readonly changed: readonly Pool[];
  /** Ids. */
  readonly removed: readonly string[];
}

/** A generation for those who have the one before it: a `Delta` as text, and the pools that changed on the way. */
export interface OfferedDelta {
  readonly header: GenerationHeader;
  /** Number of the generation before. */
  readonly from: number;
  readonly text: string;
  readonly pools: PoolChanges;
}

export type FromControl =
  /** A generation, whole: a new one, or one that is known and need not be made of others any more. */
  | { readonly type: "generation"; readonly header: GenerationHeader; readonly text: string }
  | ({ readonly type: "delta" } & OfferedDelta)
  | ({ readonly type: "pools" } & PoolChanges)
  | { readonly type: "status"; readonly status: ControlStatus }
  | { readonly type: "decided"; readonly id: number; readonly problem?: string }
  | { readonly type: "apiAnswer"; readonly id: number; readonly answers: boolean }
  | StatsReply
  | LogRecord
  | Fatal;

export type ToControl =
  | { readonly type: "stats"; readonly id: number }
  | { readonly type: "decide"; readonly id: number; readonly decision: HoldDecision }
  | { readonly type: "askApi"; readonly id: number }
  | { readonly type: "served"; readonly number: number }
  /** A delta came that leads on from nothing that is known here. */
  | { readonly type: "wholeWanted" }
  | { readonly type: "generationBad"; readonly number: number; readonly reason: string };

export type FromWorker =
  /** How the endpoints in use stand: when that has changed, at most once a second. */
  | { readonly type: "endpoints"; readonly endpoints: EndpointStats }
  /** How the certificates stand: when their files have changed, and once an hour. */
  | { readonly type: "certificates"; readonly certificates: CertificateStatus }
  /** Sent before a generation is built, so that whoever sees the process die knows what it was doing. */
  | { readonly type: "applying"; readonly number: number }
  /** Started without a table while the router has one: it takes updates, and listens once one brought a table. */
  | { readonly type: "awaiting" }
  | { readonly type: "listening"; readonly port: number; readonly number: number; readonly routes: number }
  | {
      readonly type: "applied";
      readonly sequence: number;
      readonly number: number;
      readonly routes: number;
      readonly problem?: string;
      /** The next generation as a whole, please: there was a delta that does not fit, or there were so many that it is time for one. */
      readonly wantsWhole?: boolean;
    }
  | StatsReply
  | LogRecord
  | Fatal;

export type ToWorker =
  /** Everything a worker may need to catch up; answered by `applied` with the same sequence. */
  | {
      readonly type: "update";
      readonly sequence: number;
      /** A whole generation; without one, the deltas lead on from the one that the worker has. */
      readonly generation?: string;
      /** Oldest first. */
      readonly deltas: readonly string[];
      readonly pools: readonly Pool[];
      readonly removedPools: readonly string[];
      readonly knowledge: Knowledge;
    }
  | { readonly type: "ticketKey"; readonly ticketKey: Uint8Array }
  | { readonly type: "drain" }
  | { readonly type: "close"; readonly timeoutMs: number }
  | { readonly type: "stats"; readonly id: number };

/** What a worker is started with. */
export interface WorkerConfig {
  readonly host: string;
  readonly port: number;
  readonly snapshotDirectory?: string;
  readonly source: string;
  /** Generations that workers died of. */
  readonly skip: readonly number[];
  readonly knowledge: Knowledge;
  /** An update with a table follows at once: without one from disk, do not share the port with those that have theirs. */
  readonly awaitTable: boolean;
  readonly logs: LogSettings;
  readonly traces?: TraceOptions;
  readonly apiUsage?: ApiUsageSettings;
  readonly auth: AuthSettings;
  readonly zone?: string;
  readonly weaknesses?: readonly string[];
  readonly h2c: boolean;
  readonly proxyProtocol?: ProxyProtocolOptions;
  readonly backendTls: BackendTls;
  readonly dynamicBackends?: readonly string[];
  readonly forwardBackend?: string;
  readonly via?: string;
  readonly sharedLimits?: SharedLimitOptions;
  /** Files, in the order in which they are loaded. */
  readonly plugins: readonly string[];
  /** `ticketKey`: what all workers encrypt session tickets with. */
  readonly tls?: TlsListener & { readonly ticketKey: Uint8Array };
}

/** What the control process is started with. */
export interface ControlConfig {
  readonly routes: RoutesSource;
  readonly policy: "hold" | "naive";
  readonly snapshotDirectory?: string;
  readonly source: string;
  /** The greatest generation number known to the supervisor; numbers continue from it. */
  readonly lastNumber: number;
  /** Of the newest good generation that the supervisor has; 0 without one. */
  readonly servedNumber: number;
  readonly staleAfterMs: number;
  readonly auth: AuthSettings;
  readonly forwardBackend?: string;
  readonly nodeName?: string;
  /** Whether certificates come from Secrets. */
  readonly tlsSecrets: boolean;
  readonly plugins: readonly string[];
}

/** Where routes come from. `host` and `port` are what Kubernetes puts into a pod's environment (KUBERNETES_SERVICE_HOST, _PORT). */
export type RoutesSource =
  | { readonly type: "file"; readonly file: string }
  | { readonly type: "kubeconfig"; readonly file: string }
  | { readonly type: "inCluster"; readonly host: string; readonly port: string };

/** Whether something received from another process is a message of ours; its `type` decides the rest, both ends being one program. */
export function isMessage(value: unknown): value is { readonly type: string } {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
