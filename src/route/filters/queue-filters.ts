import type { CallArguments } from "../arguments.ts";
import type { Parameter } from "../call-documentation.ts";
import type { FilterServices } from "../filter-services.ts";
import { type Filter, type FilterContext, type FilterSpec, defineFilter } from "../filter.ts";
import { type QueueLimits, type QueueOutcome, RequestQueue, type QueueTicket } from "../request-queue.ts";

const family = "Queues";
const MOST = 1_000_000;
const USUAL: QueueLimits = { concurrency: 100, size: 100, timeoutMs: 10_000 };
const TEXT = ["Content-Type", "text/plain; charset=utf-8"];

/** What is answered in place of the back end (page "lifo" of Skipper). */
function refuse(context: FilterContext, outcome: QueueOutcome): void {
  if (outcome === "full") context.respond(503, TEXT, Buffer.from("503 Service Unavailable: too many requests wait\n"));
  if (outcome === "timeout") context.respond(502, TEXT, Buffer.from("502 Bad Gateway: the request has waited too long\n"));
}

interface QueueKind {
  /** The filter's name. */
  readonly name: string;
  readonly isLifo: boolean;
  /** Whether a place is held until the response is sent, and not only until its head is there. */
  readonly withBody: boolean;
  /** Routes that name it share the queue; undefined for one of the route's own. */
  readonly group: string | undefined;
  /** Undefined: those that another of the group has, or the usual ones. */
  readonly limits: QueueLimits | undefined;
}

/** Holds requests back until the queue has a place for them. Not bound to a proxy it lets everything pass. */
class QueueFilter implements Filter {
  readonly #kind: QueueKind;
  #queue: RequestQueue | undefined = undefined;
  readonly response?: (context: FilterContext) => void;

  constructor(kind: QueueKind) {
    this.#kind = kind;
    if (!kind.withBody) this.response = (context) => this.#ticketOf(context)?.release();
  }

  bind(services: FilterServices, routeId: string): void {
    const { name, isLifo, group, limits } = this.#kind;
    const key = group === undefined ? `${name} of ${routeId}` : `lifoGroup ${group}`;
    const queue = services.keep(key, () => new RequestQueue(name, isLifo, limits ?? USUAL, services));
    if (limits !== undefined) queue.limit(limits);
    this.#queue = queue;
  }

  request(context: FilterContext): void | Promise<void> {
    const queue = this.#queue;
    // Of several on a route that share one queue the first has taken the place.
    if (queue === undefined || this.#ticketOf(context) !== undefined) return undefined;
    const ticket = queue.enter();
    if (ticket !== undefined) {
      this.#hold(context, ticket);
      return undefined;
    }
    return new Promise((resolve) => {
      let settled: QueueOutcome | undefined;
      const waiting = queue.wait((outcome) => {
        settled = outcome;
        refuse(context, outcome);
        resolve();
      });
      if (settled === undefined) this.#hold(context, waiting);
    });
  }

  #hold(context: FilterContext, ticket: QueueTicket): void {
    context.state.set(this.#key, ticket);
    context.onEnd(() => ticket.release());
  }

  #ticketOf(context: FilterContext): QueueTicket | undefined {
    return context.state.get(this.#key) as QueueTicket | undefined;
  }

  get #key(): string {
    return `${this.#kind.name} ${this.#kind.group ?? ""}`;
  }
}

const concurrency: Parameter = { name: "concurrency", type: "number", what: "requests served at once", range: [1, MOST] };
const size: Parameter = { name: "size", type: "number", what: "requests that may wait", range: [0, MOST] };
const timeout: Parameter = { name: "timeout", type: "duration", what: "how long one may wait", range: [1, 3_600_000] };
const all = [concurrency, size, timeout];
const some: readonly Parameter[] = [
  { ...concurrency, what: `${concurrency.what}; 100 when left out`, occurs: "optional" },
  { ...size, what: `${size.what}; 100 when left out`, occurs: "optional" },
  { ...timeout, what: `${timeout.what}; 10 s when left out`, occurs: "optional" },
];
const group: Parameter = { name: "group", type: "text", what: "which routes share" };
const shared: readonly Parameter[] = [
  group,
  ...some.map((parameter) => ({ ...parameter, what: parameter.what.replace(" when left out", " when nobody in the group says") })),
];

function limitsOf(args: CallArguments, from: number): QueueLimits {
  return {
    concurrency: args.length > from ? Math.trunc(args.number(from)) : USUAL.concurrency,
    size: args.length > from + 1 ? Math.trunc(args.number(from + 1)) : USUAL.size,
    timeoutMs: args.length > from + 2 ? args.duration(from + 2) : USUAL.timeoutMs,
  };
}

const OVER = "503 when too many wait, 502 when one has waited too long; a client that leaves makes room.";
const HELD = "The place is held until the head of the response is there.";
const HELD_WITH_BODY = "The place is held until the response is sent.";
const DEVIATIONS = [
  "Each worker has a queue of its own, so a router serves as many times `concurrency` at once as it has workers.",
  "A wait longer than the proxy lets a filter take, 30 s as it is configured, ends there, with 504.",
];
const LIFO_DEVIATIONS = [...DEVIATIONS, "`lifo` and `fifo` on one route both count; of several of one name the last one's numbers do."];

function queueFilter(
  name: string,
  does: string,
  parameters: readonly Parameter[],
  kind: { readonly isLifo: boolean; readonly withBody: boolean; readonly isGroup?: boolean },
): FilterSpec {
  const { isLifo, withBody, isGroup = false } = kind;
  return defineFilter({
    name,
    family,
    does: `${does} ${withBody ? HELD_WITH_BODY : HELD} ${OVER}`,
    parameters,
    deviations: isLifo ? LIFO_DEVIATIONS : DEVIATIONS,
    create(args) {
      const limits = isGroup ? (args.length > 1 ? limitsOf(args, 1) : undefined) : limitsOf(args, 0);
      return new QueueFilter({ name, isLifo, withBody, group: isGroup ? args.text(0) : undefined, limits });
    },
  });
}

const FIRST = "serves so many requests of the route at once and lets others wait, first in first out.";
const LAST = "serves so many requests of the route at once and lets others wait, last in first out; of too many the oldest is refused.";
const GROUP = "is `lifo` for all routes that name the group together; the numbers need to stand on one of them.";

/** Filters that hold requests back. */
export const queueFilters: readonly FilterSpec[] = [
  queueFilter("fifo", FIRST, all, { isLifo: false, withBody: false }),
  queueFilter("fifoWithBody", FIRST, all, { isLifo: false, withBody: true }),
  queueFilter("lifo", LAST, some, { isLifo: true, withBody: false }),
  queueFilter("lifoWithBody", LAST, some, { isLifo: true, withBody: true }),
  queueFilter("lifoGroup", GROUP, shared, { isLifo: true, withBody: false, isGroup: true }),
  queueFilter("lifoGroupWithBody", GROUP, shared, { isLifo: true, withBody: true, isGroup: true }),
];
