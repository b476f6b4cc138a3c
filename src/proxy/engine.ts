import type { Clock, Random } from "../kernel/index.ts";
import type { FilterNames } from "../route/index.ts";
import type { Traces } from "../tracing/index.ts";
import type { AccessLog } from "./access-log.ts";
import type { AccessLogEntry } from "./access-log-line.ts";
import type { AddressList } from "./address-list.ts";
import type { Deadlines } from "./deadlines.ts";
import type { FilterFailures } from "./filter-failures.ts";
import type { ProxyOptions } from "./options.ts";
import type { ProxyMetrics } from "./proxy-metrics.ts";
import type { RequestCopies } from "./request-copies.ts";
import type { RetryBudget } from "./retry.ts";
import type { RoutingState } from "./routing-state.ts";
import type { FlushQueue } from "./socket-writer.ts";
import type { Upstreams } from "./upstreams.ts";

/** What all connections of one proxy share. */
export interface Engine {
  readonly options: ProxyOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: ProxyMetrics;
  readonly deadlines: Deadlines;
  readonly routing: RoutingState;
  readonly upstreams: Upstreams;
  readonly copies: RequestCopies;
  readonly budget: RetryBudget;
  readonly trusted: AddressList;
  readonly queue: FlushQueue;
  readonly filterFailures: FilterFailures;
  readonly accessLog: AccessLog | undefined;
  readonly traces: Traces | undefined;
  /** For spans of filters that wait. */
  readonly filterNames: FilterNames | undefined;
  /** Filled for each line. */
  readonly logEntry: AccessLogEntry;
  /** Of the bodies that filters want whole. */
  wholeBodyBytes: number;
  /** Answers say `Connection: close`. */
  isDraining: boolean;
}
