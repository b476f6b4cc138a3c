import type { HostedLoadBalancer } from "../../alb/index.ts";
import type { MetricQuery, MetricSample } from "../cloudwatch/cloudwatch.ts";

const MINUTE_MS = 60_000;
/** How long minutes are remembered. */
const KEPT_MINUTES = 24 * 60;

type Counters = HostedLoadBalancer["traffic"];

interface Minute {
  readonly atMs: number;
  forwarded: number;
  bytes: number;
  mostConnections: number;
}

interface Counted {
  last: Counters;
  /** Oldest first. */
  readonly minutes: Minute[];
}

/** What of a minute each metric reports; of traffic nothing where there was none (guides, "CloudWatch metrics"). */
const METRICS: Readonly<Record<string, (minute: Minute) => number | undefined>> = {
  // Always reported, whatever passed.
  ConsumedLCUs: ({ forwarded, bytes }) => forwarded / (25 * 60) + bytes / 1e9,
  RequestCount: ({ forwarded }) => forwarded || undefined,
  ActiveConnectionCount: ({ mostConnections }) => mostConnections || undefined,
  ActiveFlowCount: ({ mostConnections }) => mostConnections || undefined,
  NewFlowCount: ({ forwarded }) => forwarded || undefined,
  ProcessedBytes: ({ bytes }) => bytes || undefined,
};

/** Which of them each kind of load balancer has. */
const NAMES: Readonly<Record<string, ReadonlySet<string>>> = {
  "AWS/ApplicationELB": new Set(["ConsumedLCUs", "RequestCount", "ActiveConnectionCount", "ProcessedBytes"]),
  "AWS/NetworkELB": new Set(["ConsumedLCUs", "ActiveFlowCount", "NewFlowCount", "ProcessedBytes"]),
};

/**
 * What passed through each load balancer, minute by minute, from the counters of its nodes. A minute in which nobody was heard
 * has no sample; what passed then is counted in the next one.
 */
export class TrafficLog {
  readonly #counted = new Map<string, Counted>();

  /** Notes what was heard of a load balancer, counted from the first time on; `key` is the end of its ARN: `app/shop/50dc6c495c0c9188`. */
  note(key: string, now: Counters, nowMs: number): void {
    const known = this.#counted.get(key);
    const counted: Counted = known ?? { last: now, minutes: [] };
    if (known === undefined) this.#counted.set(key, counted);
    const minute = minuteOf(counted.minutes, nowMs);
    minute.forwarded += grown(counted.last.forwarded, now.forwarded);
    minute.bytes += grown(counted.last.bytes, now.bytes);
    minute.mostConnections = Math.max(minute.mostConnections, now.openConnections);
    counted.last = now;
  }

  /** Forgets those that are not among `keys`. */
  keep(keys: ReadonlySet<string>): void {
    for (const key of this.#counted.keys()) if (!keys.has(key)) this.#counted.delete(key);
  }

  /** Answers CloudWatch. */
  samples({ namespace, name, dimensions, fromMs, toMs }: MetricQuery): readonly MetricSample[] {
    const key = dimensions.get("LoadBalancer");
    if (key === undefined || dimensions.size > 1 || NAMES[namespace]?.has(name) !== true) return [];
    const isOfKind = key.startsWith(namespace === "AWS/NetworkELB" ? "net/" : "app/");
    const minutes = isOfKind ? (this.#counted.get(key)?.minutes ?? []) : [];
    return minutes
      .filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
      .flatMap((minute) => {
        const value = METRICS[name]?.(minute);
        return value === undefined ? [] : [{ atMs: minute.atMs, value }];
      });
  }
}

function minuteOf(minutes: Minute[], nowMs: number): Minute {
  const atMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  const last = minutes.at(-1);
  if (last?.atMs === atMs) return last;
  const minute: Minute = { atMs, forwarded: 0, bytes: 0, mostConnections: 0 };
  minutes.push(minute);
  if (minutes.length > KEPT_MINUTES) minutes.shift();
  return minute;
}

/** A host that was started again counts from zero. */
function grown(before: number, now: number): number {
  return now >= before ? now - before : now;
}
