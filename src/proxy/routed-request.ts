import { type CompiledRoute, type FilterWait, runRequestFilters, runResponseFilters } from "../route/index.ts";
import { type BodyFraming, FieldId, Framing, type MessageHead, listFields } from "../wire/index.ts";
import type { ProxyFailure } from "./failure.ts";
import { fieldsText, reasonOf, responseDropped, responseHeadText, statusLine } from "./message-heads.ts";
import type { RequestContext } from "./request-context.ts";
import type { RoutingState, Target } from "./routing-state.ts";

/** The route of one request after another, and what its filters make of the request and of its answer. */
export class RoutedRequest {
  readonly #routing: RoutingState;
  readonly #context: RequestContext;
  #filtersRun = 0;
  route: CompiledRoute | undefined = undefined;
  target: Target | undefined = undefined;
  /** Of the answer, once its head was made. */
  status = 0;

  constructor(routing: RoutingState, context: RequestContext) {
    this.#routing = routing;
    this.#context = context;
  }

  reset(): void {
    this.route = undefined;
    this.target = undefined;
    this.#filtersRun = 0;
  }

  /** Finds the route of the request in the context and runs its filters. Returns why it can not be served, or undefined. */
  begin(): ProxyFailure | undefined {
    const routing = this.#routing;
    const route = routing.table.match(this.#context);
    if (route === undefined) return routing.knowledge === "live" && routing.hasTable ? "PROXY_NO_ROUTE" : "PROXY_NO_ROUTE_UNSURE";
    this.route = route;
    this.#context.setRoute(route);
    this.target = routing.targetOf(route);
    if (this.target.kind === "broken") return "PROXY_ROUTE_BROKEN";
    if (route.filters.length === 0) return undefined;
    try {
      const run = runRequestFilters(route.filters, this.#context);
      if (typeof run === "number") this.#filtersRun = run;
      return typeof run === "number" ? undefined : refuseToWait(run);
    } catch {
      return "PROXY_FILTER";
    }
  }

  /** Whether the answer is in the context: no endpoint is asked. */
  get isAnswered(): boolean {
    return this.#context.responded || this.target?.kind === "shunt";
  }

  /** Field lines of the answer in the context, after the filters. Undefined when it can not be sent. */
  answerFields(): string | undefined {
    if (!this.#runResponseFilters()) return undefined;
    return fieldsText(this.#context.responseHeaders);
  }

  /** Status line and fields of an endpoint's answer as it is forwarded, as `Downstream` takes them. Undefined when it can not be sent. */
  responseHead(head: MessageHead, framing: BodyFraming): string | undefined {
    if (this.#filtersRun > 0) return this.#filteredHead(head, framing);
    this.status = head.status;
    return responseHeadText(head, framing.framing, this.#context.method);
  }

  #filteredHead(head: MessageHead, framing: BodyFraming): string | undefined {
    const context = this.#context;
    const dropped = responseDropped(head, framing.framing, context.method);
    context.responseHeaders = listFields(head, dropped.mask | FieldId.contentLength, dropped.names);
    context.responseStatus = head.status;
    if (!this.#runResponseFilters()) return undefined;
    const { status } = this;
    const fields = fieldsText(context.responseHeaders);
    if (fields === undefined) return undefined;
    // A filter that makes something else of a 204 or 304 must not have the client wait for a body.
    const isEmptied = framing.framing === Framing.none && context.method !== "HEAD" && status !== 204 && status !== 304;
    const hasLength = (dropped.mask & FieldId.contentLength) === 0 && status !== 204;
    const length = isEmptied ? "0" : hasLength ? head.valueOf(FieldId.contentLength) : undefined;
    const reason = status === head.status && head.reason !== "" ? head.reason : reasonOf(status);
    return `${statusLine(status, reason)}${fields}${length === undefined ? "" : `Content-Length: ${length}\r\n`}`;
  }

  /** Runs the response side of the filters that saw the request. False when one failed or left a status that can not be sent. */
  #runResponseFilters(): boolean {
    if (this.route === undefined) return true;
    try {
      const wait = runResponseFilters(this.route.filters, this.#context, this.#filtersRun);
      if (wait !== undefined) {
        refuseToWait(wait);
        return false;
      }
    } catch {
      return false;
    }
    this.status = this.#context.responseStatus;
    return Number.isInteger(this.status) && this.status >= 200 && this.status <= 599;
  }
}

/** Going on without a filter's word could let in what it keeps out. */
function refuseToWait({ until }: FilterWait): "PROXY_FILTER" {
  until.then(undefined, () => {});
  return "PROXY_FILTER";
}
