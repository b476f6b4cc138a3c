import type { AuthSettings } from "../auth/index.ts";
import type { BackendTls, ListenAddress, ProxyProtocolOptions, TlsListener } from "./listeners.ts";
import type { ApiUsageSettings } from "../route/index.ts";
import type { SharedLimitOptions } from "../shared-limits/index.ts";
import type { TraceOptions } from "../tracing/index.ts";
import type { LogSettings } from "./log-settings.ts";
import type { RoutesSource } from "./messages.ts";

/** What a router is told; validated by the command line that makes it. */
export interface RouterOptions {
  readonly routes: RoutesSource;
  /** `hold` is the product; `naive` behaves as routers did in 2017 and is for comparison in the lab. */
  readonly policy: "hold" | "naive";
  /** Guards of the data plane that are switched off ({@link WEAKNESSES}); in the lab only. */
  readonly weaknesses?: readonly string[];
  readonly listen: ListenAddress;
  readonly tls?: TlsListener;
  readonly proxyProtocol?: ProxyProtocolOptions;
  readonly backendTls: BackendTls;
  /** Where a `<dynamic>` back end may be that a request names; left out: at public addresses. */
  readonly dynamicBackends?: readonly string[];
  /** Address of the back end `<forward>`; left out: routes with it answer 503. */
  readonly forwardBackend?: string;
  /** What requests are sent on with in Via; left out: without. */
  readonly via?: string;
  /** Left out: limits that routers keep together count nothing. */
  readonly sharedLimits?: SharedLimitOptions;
  /** Files of users' filters and predicates. */
  readonly plugins: readonly string[];
  /** Whether the plain listener serves HTTP/2 to clients that begin with its preface. */
  readonly h2c: boolean;
  readonly workers: number;
  readonly admin: ListenAddress;
  /** Bearer token that the admin listener asks for where it asks for one; needed only when it is not on loopback. */
  readonly adminToken?: string;
  /** Left out: nothing is kept on disk, a restart starts from the source. */
  readonly snapshotDirectory?: string;
  /** Name of the source; a snapshot made from another is not used. */
  readonly source: string;
  /** How long to serve on, not ready, before the listeners close: what a load balancer needs to notice. */
  readonly drainDelayMs: number;
  /** How long requests in flight may take after that. */
  readonly drainTimeoutMs: number;
  /** A source silent for so long is stale. */
  readonly staleAfterMs: number;
  readonly logs: LogSettings;
  /** Left out: nothing is traced. */
  readonly traces?: TraceOptions;
  /** Left out: the filter apiUsageMonitoring does nothing. */
  readonly apiUsage?: ApiUsageSettings;
  readonly auth: AuthSettings;
  readonly nodeName?: string;
  /** Availability zone of the node; endpoints in it are preferred. */
  readonly zone?: string;
}
