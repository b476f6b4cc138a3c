import type { Cell } from "../../telemetry/index.ts";
import type { CallArguments } from "../arguments.ts";
import type { Parameter } from "../call-documentation.ts";
import type { FilterServices } from "../filter-services.ts";
import { type Filter, type FilterContext, type FilterSpec, defineFilter } from "../filter.ts";
import { type ClientKey, clientKey, shortKey } from "../limited-client.ts";
import type { HitLimit, SharedLimits } from "../shared-limits.ts";
import { compileTemplate } from "../template.ts";
import {
  ADDRESS_DEVIATION,
  NEVER_MS,
  hitLimit,
  hitsParameter,
  isSwitchedOff,
  lookupParameter,
  refuse,
  refuseHit,
  refusedCell,
  retryAfter,
  statusParameter,
  windowOf,
  windowParameter,
} from "./rate-limit-filters.ts";

const FAIL_CLOSED: Filter = {};

/** What a client is told to wait when nobody knows. */
const UNKNOWN_MS = 1_000;

/** Whether what nobody can say is refused. */
export function failsClosed(all: readonly Filter[]): boolean {
  return all.includes(FAIL_CLOSED);
}

export function unknownCell(services: FilterServices, filter: string): Cell {
  return services.metrics
    .counter("holdfast_filter_ratelimit_unknown_total", "Requests for which no server said whether they are over a limit, by filter.", [
      "filter",
    ])
    .with(filter);
}

type Answer = ReturnType<SharedLimits["hit"]>;

/** How one kind of limit asks, and refuses. */
interface ClusterLimit {
  readonly name: string;
  /** Undefined: the request is not limited. */
  ask(limits: SharedLimits, context: FilterContext): Answer | "unlimited";
  refuse(context: FilterContext, waitMs: number): void;
}

/** Refuses what is over a limit that all routers keep together. Not bound to a proxy it lets everything pass. */
class ClusterLimitFilter implements Filter {
  readonly #limit: ClusterLimit;
  #isOn = false;
  #limits: SharedLimits | undefined = undefined;
  #failsClosed = false;
  #refused: Cell | undefined = undefined;
  #unknown: Cell | undefined = undefined;

  constructor(limit: ClusterLimit) {
    this.#limit = limit;
  }

  bind(services: FilterServices, _routeId: string, all: readonly Filter[]): void {
    this.#isOn = !isSwitchedOff(all);
    this.#limits = services.sharedLimits;
    this.#failsClosed = failsClosed(all);
    this.#refused = refusedCell(services, this.#limit.name);
    this.#unknown = unknownCell(services, this.#limit.name);
  }

  request(context: FilterContext): void | Promise<void> {
    if (!this.#isOn) return undefined;
    const answer = this.#limits === undefined ? undefined : this.#limit.ask(this.#limits, context);
    if (typeof answer === "object") return this.#wait(context, context.signal, answer);
    if (answer !== "unlimited") this.#take(context, answer);
    return undefined;
  }

  async #wait(context: FilterContext, signal: AbortSignal, answer: Promise<number | undefined>): Promise<void> {
    const waitMs = await answer;
    if (!signal.aborted) this.#take(context, waitMs);
  }

  #take(context: FilterContext, waitMs: number | undefined): void {
    if (waitMs === 0) return;
    if (waitMs === undefined) {
      this.#unknown?.add();
      if (!this.#failsClosed) return;
    }
    this.#refused?.add();
    this.#limit.refuse(context, waitMs ?? UNKNOWN_MS);
  }
}

/** `client`: undefined for a limit that all clients share. */
function hits(name: string, args: CallArguments, status: number, client: ClientKey | undefined): Filter {
  const limit: HitLimit = hitLimit(args, 1);
  const group = shortKey(args.text(0));
  return new ClusterLimitFilter({
    name,
    ask(limits, context) {
      let key = `g${group}`;
      if (client !== undefined) {
        const own = client(context);
        if (own === "") return "unlimited";
        key = `c${group}\0${own}`;
      }
      return limit.hits === 0 ? NEVER_MS : limits.hit(key, limit);
    },
    refuse: (context, waitMs) => refuseHit(context, status, limit, waitMs),
  });
}

function bucket(args: CallArguments): Filter {
  const label = compileTemplate(args.text(0), "field");
  const [volume, capacity, increment] = [args.number(1), args.number(3), args.number(4)].map(Math.trunc) as [number, number, number];
  const limit = { capacity, increment, emissionMs: windowOf(args, 2) / volume };
  return new ClusterLimitFilter({
    name: "clusterLeakyBucketRatelimit",
    ask(limits, context) {
      const key = label.apply(context);
      if (key === undefined) return "unlimited";
      return increment > capacity ? NEVER_MS : limits.pour(shortKey(key), limit);
    },
    refuse: (context, waitMs) => refuse(context, 429, waitMs === NEVER_MS ? [] : ["Retry-After", retryAfter(waitMs)]),
  });
}

const family = "Rate limits";
export const KEPT =
  "It is counted on the servers of `--limit-servers`; when none says anything in time, or there are none, the request passes, or gets the status with `ratelimitFailClosed`.";
export const groupParameter: Parameter = {
  name: "group",
  type: "text",
  what: "routes that name it count together, with the same hits and window",
};
const natural = (name: string, what: string) => ({ name, type: "number", what, range: [1, 1_000_000_000] }) as const;

/** Filters that limit how often something is asked for, counted by all routers together. */
export const clusterLimitFilters: readonly FilterSpec[] = [
  defineFilter({
    name: "clusterRatelimit",
    family,
    does: `allows a group of routes so many requests in a window of time, at all routers together. ${KEPT}`,
    parameters: [groupParameter, hitsParameter, windowParameter, statusParameter],
    create: (args) => hits("clusterRatelimit", args, args.length > 3 ? Math.trunc(args.number(3)) : 429, undefined),
  }),
  defineFilter({
    name: "clusterClientRatelimit",
    family,
    does: `allows each client of a group of routes so many requests in a window of time, at all routers together. ${KEPT}`,
    parameters: [groupParameter, hitsParameter, windowParameter, lookupParameter],
    deviations: [ADDRESS_DEVIATION],
    create: (args) => hits("clusterClientRatelimit", args, 429, clientKey(args.optionalText(3))),
  }),
  defineFilter({
    name: "clusterLeakyBucketRatelimit",
    family,
    does: `pours each request into a bucket that leaks, and refuses with 429 what does not fit. ${KEPT}`,
    parameters: [
      { name: "label", type: "template", what: "which bucket; a request for which it has no value is not limited" },
      natural("volume", "that leaks in a period"),
      { name: "period", type: "duration", what: "of time; a number is one of seconds", range: [1, 2_592_000_000] },
      natural("capacity", "of the bucket"),
      natural("increment", "that a request pours in"),
    ],
    create: bucket,
  }),
  defineFilter({
    name: "ratelimitFailClosed",
    family,
    does: "refuses what the `cluster…` limits and the `backendRatelimit` of the route cannot say of, wherever on it they stand.",
    parameters: [],
    create: () => FAIL_CLOSED,
  }),
];
