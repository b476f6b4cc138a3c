import type { Cell } from "../../telemetry/index.ts";
import type { FilterServices } from "../filter-services.ts";
import { type EndpointLimit, type Filter, type FilterSpec, defineFilter } from "../filter.ts";
import { shortKey } from "../limited-client.ts";
import type { HitLimit, SharedLimits } from "../shared-limits.ts";
import { KEPT, failsClosed, groupParameter, unknownCell } from "./cluster-limit-filters.ts";
import { hitLimit, hitsParameter, isSwitchedOff, refusedCell, statusParameter, windowParameter } from "./rate-limit-filters.ts";

const NAME = "backendRatelimit";

/** Refuses what would be over a limit of the endpoint that was chosen, which all routers keep together. */
class BackendLimitFilter implements Filter, EndpointLimit {
  readonly status: number;
  readonly backend: { readonly endpointLimit: EndpointLimit };
  readonly #group: string;
  readonly #limit: HitLimit;
  /** Not bound to a proxy, or switched off, it lets everything pass. */
  #isOn = false;
  #limits: SharedLimits | undefined = undefined;
  #failsClosed = false;
  #refused: Cell | undefined = undefined;
  #unknown: Cell | undefined = undefined;

  constructor(group: string, limit: HitLimit, status: number) {
    this.#group = shortKey(group);
    this.#limit = limit;
    this.status = status;
    this.backend = { endpointLimit: this };
  }

  bind(services: FilterServices, _routeId: string, all: readonly Filter[]): void {
    this.#isOn = !isSwitchedOff(all);
    this.#limits = services.sharedLimits;
    this.#failsClosed = failsClosed(all);
    this.#refused = refusedCell(services, NAME);
    this.#unknown = unknownCell(services, NAME);
  }

  admit(authority: string): boolean | Promise<boolean> {
    if (!this.#isOn) return true;
    if (this.#limit.hits === 0) return this.#take(1);
    const answer = this.#limits?.hit(`e${this.#group}\0${authority}`, this.#limit);
    return typeof answer === "object" ? answer.then((waitMs) => this.#take(waitMs)) : this.#take(answer);
  }

  #take(waitMs: number | undefined): boolean {
    if (waitMs === undefined) this.#unknown?.add();
    if (waitMs === undefined ? !this.#failsClosed : waitMs === 0) return true;
    this.#refused?.add();
    return false;
  }
}

/** A filter that limits how often each endpoint is asked. */
export const backendLimitFilter: FilterSpec = defineFilter({
  name: NAME,
  family: "Rate limits",
  does: `gives each endpoint of a group of routes so many requests in a window of time, from all routers together; what is over is refused. ${KEPT} Of several on a route the last counts.`,
  parameters: [groupParameter, hitsParameter, windowParameter, { ...statusParameter, what: "of the refusal; 503 when left out" }],
  create: (args) => new BackendLimitFilter(args.text(0), hitLimit(args, 1), args.length > 3 ? Math.trunc(args.number(3)) : 503),
});
