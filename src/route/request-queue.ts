import type { Timer } from "../kernel/index.ts";
import type { Cell } from "../telemetry/index.ts";
import type { FilterServices, Kept } from "./filter-services.ts";

export interface QueueLimits {
  /** Requests that are served at once. */
  readonly concurrency: number;
  /** Requests that may wait. */
  readonly size: number;
  readonly timeoutMs: number;
}

/** What became of a request that asked for a place. */
export type QueueOutcome = "served" | "full" | "timeout" | "left";

/** The place of one request, from when it asks for one until it gives it back. */
export class QueueTicket {
  readonly #queue: RequestQueue;
  readonly #settle: (outcome: QueueOutcome) => void;
  #state: "waiting" | "served" | "over" = "waiting";
  timer: Timer | undefined = undefined;
  before: QueueTicket | undefined = undefined;
  after: QueueTicket | undefined = undefined;

  constructor(queue: RequestQueue, settle: (outcome: QueueOutcome) => void) {
    this.#queue = queue;
    this.#settle = settle;
  }

  /** The queue has decided. */
  end(outcome: QueueOutcome): void {
    this.timer?.cancel();
    this.#state = outcome === "served" ? "served" : "over";
    this.#settle(outcome);
  }

  /** The request needs no place any more, whether it has one or waits for it. Idempotent. */
  release(): void {
    const state = this.#state;
    this.#state = "over";
    if (state === "served") this.#queue.free();
    else if (state === "waiting") this.#queue.leave(this);
  }
}

const COUNTED = ["served", "waited", "full", "timeout", "left"] as const;

/** Serves so many requests at once, lets so many wait, and refuses the others. All steps take the same time however many wait. */
export class RequestQueue implements Kept {
  readonly #services: FilterServices;
  readonly #isLifo: boolean;
  readonly #counts: Readonly<Record<(typeof COUNTED)[number], Cell>>;
  readonly #waitingNow: Cell;
  #limits: QueueLimits;
  #served = 0;
  #waiting = 0;
  #first: QueueTicket | undefined = undefined;
  #last: QueueTicket | undefined = undefined;
  usedMs = 0;

  constructor(name: string, isLifo: boolean, limits: QueueLimits, services: FilterServices) {
    this.#services = services;
    this.#isLifo = isLifo;
    this.#limits = limits;
    const requests = services.metrics.counter(
      "holdfast_filter_queue_requests_total",
      "Requests at the queues of filters, by filter and by what became of them: served at once, after they waited, refused (full), given up (timeout), gone (left).",
      ["filter", "outcome"],
    );
    const [served, waited, full, timeout, left] = COUNTED.map((outcome) => requests.with(name, outcome)) as [Cell, Cell, Cell, Cell, Cell];
    this.#counts = { served, waited, full, timeout, left };
    this.#waitingNow = services.metrics
      .gauge("holdfast_filter_queue_waiting", "Requests that wait at the queues of filters, by filter.", ["filter"])
      .with(name);
  }

  /** New limits count from now on; nobody who waits or is served is turned away for them. */
  limit(limits: QueueLimits): void {
    this.#limits = limits;
    while (this.#waiting > 0 && this.#served < limits.concurrency) this.#serveNext();
  }

  /** Takes a place at once if there is one: undefined otherwise. */
  enter(): QueueTicket | undefined {
    this.usedMs = this.#services.clock.monoMs();
    if (this.#served >= this.#limits.concurrency) return undefined;
    this.#served++;
    this.#counts.served.add();
    const ticket = new QueueTicket(this, () => {});
    ticket.end("served");
    return ticket;
  }

  /**
   * Waits for a place; `settle` is called once, perhaps before this returns. A full queue of the kind first in first out refuses; one of
   * the kind last in first out refuses the request that has waited longest, which is the least likely to be still wanted.
   */
  wait(settle: (outcome: QueueOutcome) => void): QueueTicket {
    const ticket = new QueueTicket(this, settle);
    if (this.#waiting >= this.#limits.size) {
      const refused = this.#isLifo ? (this.#first ?? ticket) : ticket;
      if (refused !== ticket) this.#remove(refused);
      this.#counts.full.add();
      refused.end("full");
      if (refused === ticket) return ticket;
    }
    this.#append(ticket);
    ticket.timer = this.#services.clock.timer(this.#limits.timeoutMs, () => {
      this.#remove(ticket);
      this.#counts.timeout.add();
      ticket.end("timeout");
    });
    return ticket;
  }

  /** A request that was served is done. */
  free(): void {
    this.#served--;
    if (this.#served < this.#limits.concurrency) this.#serveNext();
  }

  /** A request that waits is gone. */
  leave(ticket: QueueTicket): void {
    this.#remove(ticket);
    this.#counts.left.add();
    ticket.end("left");
  }

  #serveNext(): void {
    const next = this.#isLifo ? this.#last : this.#first;
    if (next === undefined) return;
    this.#remove(next);
    this.#served++;
    this.#counts.waited.add();
    next.end("served");
  }

  #append(ticket: QueueTicket): void {
    ticket.before = this.#last;
    if (this.#last === undefined) this.#first = ticket;
    else this.#last.after = ticket;
    this.#last = ticket;
    this.#waiting++;
    this.#waitingNow.add();
  }

  #remove(ticket: QueueTicket): void {
    if (ticket.before === undefined) this.#first = ticket.after;
    else ticket.before.after = ticket.after;
    if (ticket.after === undefined) this.#last = ticket.before;
    else ticket.after.before = ticket.before;
    ticket.before = undefined;
    ticket.after = undefined;
    this.#waiting--;
    this.#waitingNow.add(-1);
  }
}
