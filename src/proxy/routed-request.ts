import { type CompiledRoute, type FilterWait, runRequestFilters, runResponseFilters } from "../route/index.ts";
import { type BodyFraming, FieldId, Framing, type MessageHead, listFields } from "../wire/index.ts";
import type { Engine } from "./engine.ts";
import type { ProxyFailure } from "./failure.ts";
import { fieldsText, reasonOf, responseDropped, statusLine } from "./message-heads.ts";
import type { RequestContext } from "./request-context.ts";
import type { Target } from "./routing-state.ts";

/** What running filters came to: nothing more to do, something to wait for, or why there is no going on. */
export type FilterOutcome = undefined | FilterWait | ProxyFailure;

/** The route of one request after another, and what its filters make of the request and of its answer. */
export class RoutedRequest {
  readonly #engine: Engine;
  readonly #context: RequestContext;
  #filtersRun = 0;
  #endpointStatus = 0;
  #endpointReason = "";
  #endpointLength: string | undefined = undefined;
  route: CompiledRoute | undefined = undefined;
  target: Target | undefined = undefined;
  /** Of the answer, once its filters have run. */
  status = 0;

  constructor(engine: Engine, context: RequestContext) {
    this.#engine = engine;
    this.#context = context;
  }

  reset(): void {
    this.route = undefined;
    this.target = undefined;
    this.#filtersRun = 0;
  }

  /** Finds the route of the request in the context and runs its filters. */
  begin(): FilterOutcome {
    const { routing } = this.#engine;
    const route = routing.table.match(this.#context);
    if (route === undefined) return routing.knowledge === "live" && routing.hasTable ? "PROXY_NO_ROUTE" : "PROXY_NO_ROUTE_UNSURE";
    this.route = route;
    this.#context.setRoute(route);
    this.target = routing.targetOf(route);
    if (this.target.kind === "broken") return "PROXY_ROUTE_BROKEN";
    return route.filters.length === 0 ? undefined : this.goOn(0);
  }

  /** Runs the request's filters from this one on. */
  goOn(from: number): FilterOutcome {
    if (this.route === undefined) return undefined;
    try {
      const run = runRequestFilters(this.route.filters, this.#context, from);
      this.#filtersRun = typeof run === "number" ? run : run.next;
      return typeof run === "number" ? undefined : run;
    } catch (thrown) {
      return this.failed("PROXY_FILTER", thrown);
    }
  }

  /** Whether the answer is in the context: no endpoint is asked. */
  get isAnswered(): boolean {
    return this.#context.responded || this.target?.kind === "shunt";
  }

  /** Whether some filter saw the request, and so sees its answer. */
  get isFiltered(): boolean {
    return this.#filtersRun > 0;
  }

  /** Runs the filters on the answer in the context. */
  filterOwnAnswer(): FilterOutcome {
    return this.goOnAnswer(this.#filtersRun);
  }

  /** Runs the filters on an endpoint's answer. What is needed of `head` later is kept. */
  filterAnswer(head: MessageHead, framing: BodyFraming): FilterOutcome {
    const context = this.#context;
    const dropped = responseDropped(head, framing.framing, context.method);
    context.responseHeaders = listFields(head, dropped.mask | FieldId.contentLength, dropped.names);
    context.responseStatus = head.status;
    this.#endpointStatus = head.status;
    this.#endpointReason = head.reason;
    this.#endpointLength = (dropped.mask & FieldId.contentLength) === 0 ? head.valueOf(FieldId.contentLength) : undefined;
    return this.goOnAnswer(this.#filtersRun);
  }

  /** Runs the first `count` filters on the answer, the last one first. */
  goOnAnswer(count: number): FilterOutcome {
    const context = this.#context;
    if (this.route !== undefined) {
      try {
        const wait = runResponseFilters(this.route.filters, context, count);
        if (wait !== undefined) return wait;
      } catch (thrown) {
        return this.failed("PROXY_FILTER", thrown);
      }
      this.status = context.responseStatus;
    }
    return Number.isInteger(this.status) && this.status >= 200 && this.status <= 599 ? undefined : "PROXY_FILTER";
  }

  /** Says whose filter failed. */
  failed(failure: ProxyFailure, thrown: unknown): ProxyFailure {
    this.#engine.filterFailures.report(this.route?.id ?? "", failure, thrown);
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
    const fields = this.answerFields();
    if (fields === undefined) return undefined;
    // A filter that makes something else of a 204 or 304 must not have the client wait for a body.
    const isEmptied = framing === Framing.none && this.#context.method !== "HEAD" && status !== 204 && status !== 304;
    const length = isBodyMade || status === 204 ? undefined : isEmptied ? "0" : this.#endpointLength;
    const reason = status === this.#endpointStatus && this.#endpointReason !== "" ? this.#endpointReason : reasonOf(status);
    return `${statusLine(status, reason)}${fields}${length === undefined ? "" : `Content-Length: ${length}\r\n`}`;
  }
}
