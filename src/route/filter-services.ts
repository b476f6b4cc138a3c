import type { Clock } from "../kernel/index.ts";
import type { MetricsRegistry } from "../telemetry/index.ts";
import type { ApiUsageSettings } from "./api-usage.ts";
import type { SharedLimits } from "./shared-limits.ts";

/** Something of a filter's that outlives its table. */
export interface Kept {
  /** Monotonic time of its last use: unused for long it is forgotten. */
  readonly usedMs: number;
  /** Called when it is forgotten. */
  forget?(): void;
}

/** What filters have to tell people. */
export interface FilterLog {
  /** `said` goes into the line as JSON has it; its texts are text, not bytes of a field. A log that is behind drops lines and counts them. */
  tell(filter: string, routeId: string, said: object): void;
}

/** A log that goes nowhere. */
export const silentFilterLog: FilterLog = { tell() {} };

/** What a filter that has more than one request to think of gets from the proxy. */
export interface FilterServices {
  readonly clock: Clock;
  readonly metrics: MetricsRegistry;
  /** What all routers count together; undefined where nobody keeps it. */
  readonly sharedLimits: SharedLimits | undefined;
  readonly log: FilterLog;
  /** How much of a request's body an audit may log. */
  readonly auditBodyBytes: number;
  /** Undefined where use of APIs is not counted. */
  readonly apiUsage: ApiUsageSettings | undefined;
  /** What was made under this key, by this filter or by its like in an earlier table; else what `make` makes. Keys begin with the filter's name. */
  keep<State extends Kept>(key: string, make: () => State): State;
}

/** Longer than any filter remembers something of use. */
const UNUSED_MS = 3_600_000;

/** Keeps what filters keep. */
export class KeptState implements FilterServices {
  readonly clock: Clock;
  readonly metrics: MetricsRegistry;
  readonly sharedLimits: SharedLimits | undefined;
  readonly log: FilterLog;
  readonly auditBodyBytes: number;
  readonly apiUsage: ApiUsageSettings | undefined;
  readonly #kept = new Map<string, Kept>();

  constructor({ clock, metrics, sharedLimits, log, auditBodyBytes, apiUsage }: Omit<FilterServices, "keep">) {
    this.clock = clock;
    this.metrics = metrics;
    this.sharedLimits = sharedLimits;
    this.log = log;
    this.auditBodyBytes = auditBodyBytes;
    this.apiUsage = apiUsage;
  }

  keep<State extends Kept>(key: string, make: () => State): State {
    // A key belongs to one filter, which makes one kind of thing.
    const known = this.#kept.get(key) as State | undefined;
    if (known !== undefined) return known;
    const made = make();
    this.#kept.set(key, made);
    return made;
  }

  /** Forgets what was not used for an hour. */
  sweep(): void {
    const beforeMs = this.clock.monoMs() - UNUSED_MS;
    for (const [key, kept] of this.#kept) {
      if (kept.usedMs >= beforeMs) continue;
      this.#kept.delete(key);
      kept.forget?.();
    }
  }
}
