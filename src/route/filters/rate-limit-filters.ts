import type { Cell } from "../../telemetry/index.ts";
import type { CallArguments } from "../arguments.ts";
import type { Parameter } from "../call-documentation.ts";
import type { FilterServices } from "../filter-services.ts";
import { type Filter, type FilterContext, type FilterSpec, defineFilter } from "../filter.ts";
import { HIT_CLIENTS, HitMemory, HitWindows } from "../hit-windows.ts";
import { type ClientKey, clientKey } from "../limited-client.ts";
import { skipperPage } from "../predicate.ts";
import type { HitLimit } from "../shared-limits.ts";

/** Refuses what is over a limit that one worker counts. Not bound to a proxy it lets everything pass. */
class LocalLimitFilter implements Filter {
  readonly #name: string;
  readonly #limit: HitLimit;
  readonly #status: number;
  /** Undefined for a limit that all clients share. */
  readonly #clientOf: ClientKey | undefined;
  /** Filters with the same count the same. */
  readonly #same: string;
  #services: FilterServices | undefined = undefined;
  #windows: HitWindows | undefined = undefined;
  #refused: Cell | undefined = undefined;

  constructor(name: string, limit: HitLimit, status: number, lookup: string | undefined) {
    this.#name = name;
    this.#limit = limit;
    this.#status = status;
    this.#clientOf = lookup === undefined ? undefined : clientKey(lookup);
    this.#same = `${name} ${limit.hits} ${limit.windowMs} ${lookup ?? ""}`;
  }

  bind(services: FilterServices, routeId: string, all: readonly Filter[]): void {
    if (isSwitchedOff(all)) return;
    const before = all.slice(0, all.indexOf(this)).filter((other) => other instanceof LocalLimitFilter && other.#same === this.#same);
    const memory = services.keep("ratelimit memory", () => new HitMemory());
    const forgotten = services.metrics.counter(
      "holdfast_filter_ratelimit_forgotten_total",
      "Clients whose hits were forgotten before their time for want of room, by filter.",
      ["filter"],
    );
    this.#windows = services.keep(`${this.#same} #${before.length} of ${routeId}`, () => {
      const cell = forgotten.with(this.#name);
      return new HitWindows(this.#limit, this.#clientOf === undefined, memory, () => cell.add());
    });
    this.#refused = refusedCell(services, this.#name);
    this.#services = services;
  }

  request(context: FilterContext): void {
    const windows = this.#windows;
    if (windows === undefined || this.#services === undefined) return;
    const client = this.#clientOf === undefined ? "all" : this.#clientOf(context);
    if (client === "") return;
    const waitMs = this.#limit.hits === 0 ? NEVER_MS : windows.hit(client, this.#services.clock.monoMs());
    if (waitMs === 0) return;
    this.#refused?.add();
    refuseHit(context, this.#status, this.#limit, waitMs);
  }
}

/** What Skipper says of a limit of no hits at all: five years. */
export const NEVER_MS = 157_680_000_000;
const HOUR_MS = 3_600_000;
const TEXT = ["Content-Type", "text/plain; charset=utf-8"];

/** Answers that a limit is reached, and when to come again (`Headers` in Skipper's ratelimit.go). */
export function refuseHit(context: FilterContext, status: number, { hits, windowMs }: HitLimit, waitMs: number): void {
  refuse(context, status, ["X-Rate-Limit", String(Math.trunc((hits * HOUR_MS) / windowMs)), "Retry-After", retryAfter(waitMs)]);
}

export function refuse(context: FilterContext, status: number, headers: readonly string[]): void {
  context.respond(status, [...headers, ...TEXT], Buffer.from("the rate limit is reached\n"));
}

/** Whole seconds, one at least. */
export function retryAfter(waitMs: number): string {
  return String(Math.max(1, Math.ceil(waitMs / 1_000)));
}

export function refusedCell(services: FilterServices, filter: string): Cell {
  return services.metrics
    .counter("holdfast_filter_ratelimit_refused_total", "Requests that were over a rate limit, by filter.", ["filter"])
    .with(filter);
}

const SWITCH_OFF: Filter = {};

/** Whether the limits of a route do not count. */
export function isSwitchedOff(all: readonly Filter[]): boolean {
  return all.includes(SWITCH_OFF);
}

const family = "Rate limits";
const DAYS_30_MS = 2_592_000_000;

export const hitsParameter: Parameter = { name: "hits", type: "number", what: "allowed in a window", range: [0, 1_000_000_000] };
export const windowParameter: Parameter = {
  name: "window",
  type: "duration",
  what: "that slides; a number is one of seconds",
  range: [1, DAYS_30_MS],
};
export const statusParameter: Parameter = {
  name: "status",
  type: "number",
  what: "of the refusal; 429 when left out",
  occurs: "optional",
  range: [400, 599],
};
export const lookupParameter: Parameter = {
  name: "lookup",
  type: "text",
  what: "what tells clients apart: fields of the request, `X-Forwarded-For` (the client's address, also when left out) or a template, joined by commas; a request that has none of them is not limited",
  occurs: "optional",
};

/** A limit as arguments say it; Skipper's numbers are seconds. */
export function hitLimit(args: CallArguments, from: number): HitLimit {
  return { hits: Math.trunc(args.number(from)), windowMs: windowOf(args, from + 1) };
}

export function windowOf(args: CallArguments, at: number): number {
  return typeof args.raw(at) === "number" ? args.duration(at) * 1_000 : args.duration(at);
}

const REFUSAL =
  "What is over it gets the status with X-Rate-Limit (hits an hour) and Retry-After; a request that is refused does not count.";
const COUNTED = "Each worker counts for itself; limits that all routers keep together are the `cluster…` ones. A route counts for itself.";
export const ADDRESS_DEVIATION =
  "The client's address is the one that the last trusted proxy saw, not the first in X-Forwarded-For, which clients can make up.";

/** Written by hand: the first use of Intl takes 20 ms and more, of which a worker that starts has none. */
const MOST_CLIENTS = String(HIT_CLIENTS).replace(/\B(?=(?:\d{3})+$)/g, ",");

function clientLimit(name: string, note: string): FilterSpec {
  return defineFilter({
    name,
    family,
    does: `allows each client of the route so many requests in a window of time. ${REFUSAL}${note}`,
    parameters: [hitsParameter, windowParameter, lookupParameter],
    deviations: [
      COUNTED,
      ADDRESS_DEVIATION,
      `Of more than 64 hits one may count up to 1/62 of the window too long. Of more than ${MOST_CLIENTS} clients those with the fewest hits are forgotten first (\`holdfast_filter_ratelimit_forgotten_total\`).`,
    ],
    source: skipperPage("filters", "clientRatelimit"),
    create: (args) => new LocalLimitFilter(name, hitLimit(args, 0), 429, args.optionalText(2) ?? "X-Forwarded-For"),
  });
}

/** Filters that limit how often something is asked for, counted in one worker. */
export const rateLimitFilters: readonly FilterSpec[] = [
  defineFilter({
    name: "ratelimit",
    family,
    does: `allows the route so many requests in a window of time. ${REFUSAL}`,
    parameters: [hitsParameter, windowParameter, statusParameter],
    deviations: [COUNTED, "Of more than 4,096 hits one may count up to 1/4,094 of the window too long."],
    create: (args) => new LocalLimitFilter("ratelimit", hitLimit(args, 0), args.length > 2 ? Math.trunc(args.number(2)) : 429, undefined),
  }),
  clientLimit("clientRatelimit", ""),
  clientLimit("localRatelimit", " A name that Skipper has deprecated."),
  defineFilter({
    name: "disableRatelimit",
    family,
    does: "switches off the rate limits of the route, wherever on it they stand.",
    parameters: [],
    deviations: [
      "There are no limits for all routes, which Skipper's switches off; limits come to a route by its own filters or by default filters.",
    ],
    create: () => SWITCH_OFF,
  }),
];
