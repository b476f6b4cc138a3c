import { type CompiledRoute, type FilterWait, type Pass, runRequestFilters, runResponseFilters } from "../route/index.ts";
import { type BodyFraming, FieldId, Framing, type MessageHead } from "../wire/index.ts";
import type { Engine } from "./engine.ts";
import type { ProxyFailure } from "./failure.ts";
import { reasonOf, responseDropped, responseHeadText, statusLine } from "./message-heads.ts";
import type { RequestContext } from "./request-context.ts";
import type { DroppedFields } from "./response-context.ts";
import { fieldsText } from "./sendable.ts";
import type { Target } from "./target.ts";

/** What running filters came to: nothing more to do, something to wait for, another answer to look for, or why there is no going on. */
export type FilterOutcome = undefined | FilterWait | "fallback" | ProxyFailure;

/** A route that the request came through, and how many of its filters are to see the answer. */
interface RoutePass extends Pass {
  readonly route: CompiledRoute;
  readonly outer: RoutePass | undefined;
  readonly filtersRun: number;
}

/** The route of one request after another, or its routes, and what their filters make of the request and of its answer. */
export class RoutedRequest {
  readonly #engine: Engine;
  readonly #context: RequestContext;
  #filtersRun = 0;
  /** The routes before this one. */
  #outer: RoutePass | undefined = undefined;
  #loopbacks = 0;
  #endpointStatus = 0;
  #endpointReason = "";
  /** The head of the answer in this turn: another may stand in the same object later. */
  #endpointHead: MessageHead | undefined = undefined;
  #endpointDropped: DroppedFields = { mask: 0, names: [] };
  #endpointLength: string | undefined = undefined;
  /** The last one that was found. */
  route: CompiledRoute | undefined = undefined;
  /** Whose filters are at work: on the way back not always the last one. */
  #current: CompiledRoute | undefined = undefined;
  target: Target | undefined = undefined;
  /** Of the answer, once its filters have run. */
  status = 0;

  constructor(engine: Engine, context: RequestContext) {
    this.#engine = engine;
    this.#context = context;
  }

  reset(): void {
    this.route = undefined;
    this.#current = undefined;
    this.target = undefined;
    this.#filtersRun = 0;
    this.#endpointHead = undefined;
    this.#outer = undefined;
    this.#loopbacks = 0;
  }

  /** Finds the route of the request in the context and runs its filters. */
  begin(): FilterOutcome {
    const { routing } = this.#engine;
    const route = routing.table.match(this.#context);
    if (route === undefined) return routing.knowledge === "live" && routing.hasTable ? "PROXY_NO_ROUTE" : "PROXY_NO_ROUTE_UNSURE";
    this.route = route;
    this.#current = route;
    this.#context.setRoute(route);
    this.target = routing.targetOf(route);
    if (this.target.kind === "broken") return "PROXY_ROUTE_BROKEN";
    return this.goOn(0);
  }

  /** Runs the request's filters from this one on. */
  goOn(from: number): FilterOutcome {
    const { route, target } = this;
    if (route === undefined) return undefined;
    if (route.filters.length > 0) {
      try {
        const run = runRequestFilters(route.filters, this.#context, from);
        this.#filtersRun = typeof run === "number" ? run : run.next;
        if (typeof run !== "number") return run;
      } catch (thrown) {
        return this.failed("PROXY_FILTER", thrown);
      }
    }
    return target?.kind === "loopback" && !this.#context.responded ? this.lookUpAgain() : undefined;
  }

  /** The request goes on to the route that it has, as filters left it. */
  lookUpAgain(): FilterOutcome {
    const { route } = this;
    if (route === undefined) return undefined;
    if (++this.#loopbacks > this.#engine.options.limits.loopbacks) return "PROXY_LOOPBACKS";
    const { matchPath } = this.#context;
    this.#outer = { route: this.#current ?? route, matchPath, outer: this.#outer, filtersRun: this.#filtersRun };
    this.#context.outer = this.#outer;
    this.#filtersRun = 0;
    return this.#context.lookUpAgain() ? this.begin() : "PROXY_PATH";
  }

  /** Where the request goes now that filters have seen it, or why it goes nowhere. */
  findTarget(): Target | ProxyFailure | undefined {
    const { route, target } = this;
    return route === undefined || target?.kind !== "dynamic" ? target : this.#engine.routing.dynamic.target(route, this.#context);
  }

  /** Whether the answer is in the context: no endpoint is asked. */
  get isAnswered(): boolean {
    return this.#context.responded || this.target?.kind === "shunt";
  }

  /** Whether some filter saw the request, and so sees its answer. */
  get isFiltered(): boolean {
    return this.#filtersRun > 0 || this.#outer !== undefined;
  }

  /** Runs the filters on the answer in the context. */
  filterOwnAnswer(): FilterOutcome {
    return this.goOnAnswer(this.#filtersRun);
  }

  /** Runs the filters on an endpoint's answer. What is needed of `head` later is kept. */
  filterAnswer(head: MessageHead, framing: BodyFraming): FilterOutcome {
    const context = this.#context;
    const dropped = responseDropped(head, framing.framing, context.method);
    context.answer(head, dropped);
    this.#endpointHead = head;
    this.#endpointDropped = dropped;
    this.#endpointStatus = head.status;
    this.#endpointReason = head.reason;
    this.#endpointLength = (dropped.mask & FieldId.contentLength) === 0 ? head.valueOf(FieldId.contentLength) : undefined;
    return this.goOnAnswer(this.#filtersRun);
  }

  /** Runs the first `count` filters on the answer, the last one first, then those of the routes before. */
  goOnAnswer(count: number): FilterOutcome {
    const context = this.#context;
    if (this.#current !== undefined) {
      try {
        let run = runResponseFilters(this.#current.filters, context, count);
        while (run === 0 && this.#outer !== undefined && context.fallbackPath === undefined) run = this.#filterOuter(this.#outer);
        if (typeof run !== "number") {
          // When the filter has had its time the head is another's.
          context.detachAnswer();
          this.#endpointHead = undefined;
          return run;
        }
        if (context.fallbackPath !== undefined) {
          this.#filtersRun = run;
          this.#endpointHead = undefined;
          return "fallback";
        }
      } catch (thrown) {
        return this.failed("PROXY_FILTER", thrown);
      }
      this.status = context.responseStatus;
    }
    return Number.isInteger(this.status) && this.status >= 200 && this.status <= 599 ? undefined : "PROXY_FILTER";
  }

  /** Says whose filter failed. */
  failed(failure: ProxyFailure, thrown: unknown): ProxyFailure {
    this.#engine.filterFailures.report(this.#current?.id ?? "", failure, thrown);
    return failure;
  }

  /** Field lines of the answer as filters left them. Undefined when one can not be sent. */
  answerFields(): string | undefined {
    return fieldsText(this.#context.responseHeaders);
  }

  /**
   * Status line and fields of an endpoint's answer as filters left them, as `Downstream` takes them; Content-Length is left out when
   * its body is made anew. Undefined when it can not be sent. `framing` is that of the endpoint.
   */
  answerHead(framing: Framing, isBodyMade: boolean): string | undefined {
    const { status } = this;
    const head = this.#endpointHead;
    this.#endpointHead = undefined;
    if (head !== undefined && !isBodyMade && status === head.status && !this.#context.hasCallbacks) {
      const { responseFields } = this.#context;
      if (responseFields.listed === undefined) return responseHeadText(head, this.#endpointDropped, responseFields);
    }
    const fields = this.answerFields();
    if (fields === undefined) return undefined;
    // A filter that makes something else of a 204 or 304 must not have the client wait for a body.
    const isEmptied = framing === Framing.none && this.#context.method !== "HEAD" && status !== 204 && status !== 304;
    const length = isBodyMade || status === 204 ? undefined : isEmptied ? "0" : this.#endpointLength;
    const reason = status === this.#endpointStatus && this.#endpointReason !== "" ? this.#endpointReason : reasonOf(status);
    return `${statusLine(status, reason)}${fields}${length === undefined ? "" : `Content-Length: ${length}\r\n`}`;
  }

  /** The answer goes back to the route before. */
  #filterOuter({ route, matchPath, outer, filtersRun }: RoutePass): number | FilterWait {
    this.#current = route;
    this.#outer = outer;
    this.#context.enter(route, matchPath, outer);
    return runResponseFilters(route.filters, this.#context, filtersRun);
  }
}
