import { AppError } from "../kernel/index.ts";
import type { FilterWait, RequestCopy } from "../route/index.ts";
import { type BodyFraming, FieldId, Framing, type MessageHead, type WireFault } from "../wire/index.ts";
import { Answer, type AnswerOwner } from "./answer.ts";
import { Delivery, type DeliveryOwner } from "./delivery.ts";
import { prepareDiagnostic } from "./diagnostic-methods.ts";
import type { Downstream } from "./downstream.ts";
import type { Engine } from "./engine.ts";
import { ExchangeRecord } from "./exchange-record.ts";
import { ExchangeTimers, type TimersOwner } from "./exchange-timers.ts";
import { type ProxyFailure, failures } from "./failure.ts";
import { FilterHold, type HoldOwner } from "./filter-hold.ts";
import { type OwnAnswer, failureAnswer, writeOwnAnswer } from "./own-answer.ts";
import type { RequestContext } from "./request-context.ts";
import { RequestBody, type RequestBodyOwner } from "./request-body.ts";
import { type FilterOutcome, RoutedRequest } from "./routed-request.ts";
import type { Upstream } from "./upstream.ts";

/**
 * One request from its head to the end of its answer: route, filters, delivery, answer, and what is said when one of them fails. One object
 * serves all requests of a connection, one after another; every method is called by an event, also when a filter is waited for.
 */
export class Exchange implements AnswerOwner, RequestBodyOwner, HoldOwner, DeliveryOwner, TimersOwner {
  readonly #engine: Engine;
  readonly #client: Downstream;
  readonly #context: RequestContext;
  readonly #head: MessageHead;
  readonly #framing: BodyFraming;
  readonly #routed: RoutedRequest;
  readonly #record: ExchangeRecord;
  readonly #body: RequestBody;
  readonly #answer: Answer;
  readonly #delivery: Delivery;
  readonly #timers: ExchangeTimers;
  #isOpen = false;
  /** The filter that the request waits for. */
  #hold: FilterHold | undefined = undefined;

  constructor(engine: Engine, client: Downstream, context: RequestContext, head: MessageHead, framing: BodyFraming) {
    this.#engine = engine;
    this.#client = client;
    this.#context = context;
    this.#head = head;
    this.#framing = framing;
    this.#routed = new RoutedRequest(engine, context);
    const record = new ExchangeRecord(engine, context, head);
    const body = new RequestBody(engine, client, framing, this);
    const answer = new Answer(engine, client, context, this.#routed, record, this);
    this.#record = record;
    this.#body = body;
    context.bodySource = body;
    this.#answer = answer;
    this.#delivery = new Delivery({ engine, client, context, head, body, answer, record }, this);
    this.#timers = new ExchangeTimers(engine, this);
  }

  /** Starts on the request in the context. */
  begin(): void {
    this.#open();
    this.#record.trace?.begin();
    this.#filtered(this.#routed.begin());
  }

  /** Answers a request that is refused before it is one: nothing of it can be believed. */
  refuse(failure: ProxyFailure, detail: WireFault | undefined, status: number): void {
    this.#open();
    this.#failWith(failure, detail, status, true);
  }

  onRequestData(buffer: Buffer, start: number, end: number): void {
    this.#record.requestBytes += end - start;
    this.#body.take(buffer, start, end);
  }

  /** The request has come in full, with the body that its head spoke of. */
  onRequestEnd(trailer: MessageHead | undefined): void {
    this.#record.whole();
    this.#body.end(trailer);
  }

  onTunnelRequest(buffer: Buffer, start: number, end: number): void {
    this.#delivery.onTunnelRequest(buffer, start, end);
  }

  /** The client has ended its side of the tunnel. */
  onTunnelRequestEnd(): void {
    this.#delivery.onTunnelRequestEnd();
  }

  /** Both sides of the tunnel have ended, and the client has got everything. */
  onTunnelClosed(): void {
    this.#delivery.onTunnelClosed();
    this.#close(101);
  }

  /** The client's connection takes data again, or no more for now. */
  onClientDrained(): void {
    this.#answer.onClientDrained();
  }

  onClientBlocked(): void {
    if (this.#delivery.isTunnel) this.pauseEndpoint();
    else this.#answer.onClientBlocked();
  }

  /** Ends the exchange without an answer: the client is gone, or its answer can not be finished. */
  abort(failure: ProxyFailure): void {
    if (!this.#isOpen) return;
    const { isTunnel } = this.#delivery;
    this.dropEndpoint();
    if (!isTunnel) {
      this.#record.failure = failure;
      this.#engine.metrics.failure(failure);
    }
    this.#close(isTunnel ? 101 : this.#record.status === 0 ? failures[failure].status : this.#record.status);
  }

  /** Answers with an error of our own, or breaks an answer that has begun. */
  fail(failure: ProxyFailure, detail: WireFault | undefined): void {
    const { status } = failures[failure];
    // What is wrong with the request itself leaves no place to go on from.
    this.#failWith(failure, detail, status, status === 400 || status === 408 || status === 413);
  }

  get endpoint(): Upstream | undefined {
    return this.#delivery.upstream;
  }

  get isContinueExpected(): boolean {
    return (this.#head.present & FieldId.expect) !== 0;
  }

  get isAtEndpoint(): boolean {
    return this.#delivery.isUnderWay;
  }

  get isRequestWhole(): boolean {
    return this.#body.isWhole;
  }

  onEndpointLimited(status: number): void {
    this.#failWith("PROXY_BACKEND_LIMIT", undefined, status, false);
  }

  onTunnelLost(): void {
    this.#close(101);
    this.#client.breakResponse();
  }

  onBodyFailed(error: unknown): void {
    const isBlocked = error instanceof AppError && error.code === "ROUTE_CONTENT_BLOCKED";
    this.fail(isBlocked ? "PROXY_CONTENT_BLOCKED" : this.#routed.failed("PROXY_FILTER_BODY", error), undefined);
  }

  onFilterDone(next: number): void {
    this.#hold = undefined;
    this.#record.trace?.waited("");
    this.#filtered(this.#routed.goOn(next));
  }

  onFilterFailed(failure: ProxyFailure, thrown: unknown): void {
    if (thrown instanceof AppError && thrown.code === "ROUTE_BODY_TOO_LONG") {
      this.#hold = undefined;
      this.fail("PROXY_BODY_TOO_LARGE", undefined);
      return;
    }
    // A filter that is late may still be at work on the context.
    if (failure !== "PROXY_FILTER_TIMEOUT") this.#hold = undefined;
    this.fail(this.#routed.failed(failure, thrown), undefined);
  }

  onAnswerBegin(isOwn: boolean): boolean {
    const limits = this.#context.timeoutsSet;
    if (limits !== undefined) this.#timers.startAnswer(limits);
    // Without the end of the request nobody knows where the next one starts.
    return !this.#body.isWhole && !(isOwn && this.#client.canSkipBody);
  }

  pauseEndpoint(): void {
    this.#delivery.upstream?.pause();
  }

  resumeEndpoint(): void {
    this.#delivery.upstream?.resume();
  }

  /** Nobody works for this exchange any more. */
  dropEndpoint(): void {
    this.#delivery.cut();
    this.#hold?.cancel();
    this.#hold = undefined;
    this.#body.cut();
  }

  /** The answer so far is dropped, with the endpoint that gives it; the request goes on as if it had led here at once. */
  onFallback(): void {
    const wasSent = this.#delivery.attempts.endpoint !== undefined;
    this.#timers.stop();
    this.dropEndpoint();
    this.#delivery.reset();
    this.#answer.reset();
    if (wasSent || this.#body.isUsedUp) this.#body.drop();
    this.#filtered(this.#routed.lookUpAgain());
  }

  onAnswerEnd(trailer: MessageHead | undefined): void {
    this.#finish(trailer);
  }

  #open(): void {
    this.#isOpen = true;
    this.#body.reset();
    this.#answer.reset();
    this.#routed.reset();
    this.#delivery.reset();
    this.#record.open(this.#body.isWhole);
  }

  /** The request's filters have come to this. */
  #filtered(outcome: FilterOutcome): void {
    const { upgrades } = this.#engine.options;
    if (outcome !== undefined) {
      if (outcome === "fallback") this.onFallback();
      else if (typeof outcome === "string") this.fail(outcome, undefined);
      else this.#wait(outcome);
      return;
    }
    const wishes = this.#context.wishesSet;
    if (wishes?.copies !== undefined) {
      this.#copy(wishes.copies);
      wishes.copies = undefined;
    }
    this.#body.watchers.add(this.#context.requestWatchers);
    if (!this.#routed.isAnswered) prepareDiagnostic(this.#context);
    if (this.#routed.isAnswered) {
      this.#answer.beginOwn();
      return;
    }
    const target = this.#routed.findTarget();
    if (typeof target === "string") {
      this.fail(target, undefined);
      return;
    }
    let upgrade = "";
    if (this.#framing.framing === Framing.none) upgrade = this.#context.wantedUpgrade(upgrades);
    else this.#body.prepare(this.#context.method, this.#context.requestTransforms);
    const limits = this.#context.timeoutsSet;
    if (limits !== undefined) this.#timers.startRequest(limits);
    this.#delivery.begin(target, upgrade);
  }

  #wait(outcome: FilterWait): void {
    this.#hold = new FilterHold(outcome, this.#engine, this);
    this.#record.trace?.waiting(outcome.filter);
  }

  #copy(copies: readonly RequestCopy[]): void {
    const source = this.#context.copySource;
    if (this.#framing.framing === Framing.none) this.#engine.copies.send(copies, source);
    else this.#body.watchers.add([this.#engine.copies.hold(copies, source)]);
  }

  /** `isFinal`: there is nothing to go on from behind the answer. */
  #failWith(failure: ProxyFailure, detail: WireFault | undefined, status: number, isFinal: boolean): void {
    const { isTunnel, attempts } = this.#delivery;
    // What a filter may still be working on can not serve another request.
    const isHeld = this.#hold !== undefined || this.#answer.isHeld;
    if (failures[failure].isUpstream) attempts.failed();
    this.dropEndpoint();
    this.#answer.cut();
    this.#record.failure = detail ?? failure;
    this.#engine.metrics.failure(failure);
    if (this.#answer.hasBegun || isTunnel) {
      // Part of the answer is out: the only way to say that the rest is missing.
      this.#close(this.#record.status);
      this.#client.breakResponse();
      return;
    }
    this.#refusal(failureAnswer(failure, detail, status, this.#engine.options.retryAfterSeconds), isFinal || isHeld);
  }

  #refusal(answer: OwnAnswer, isFinal: boolean): void {
    const record = this.#record;
    const client = this.#client;
    record.status = answer.status;
    const mustEnd = isFinal || (!this.#body.isWhole && !client.canSkipBody);
    record.responseBytes = writeOwnAnswer(client, answer, this.#context.method, this.#engine.clock.wallMs(), mustEnd);
    this.#finish(undefined);
  }

  #finish(trailer: MessageHead | undefined): void {
    this.#close(this.#record.status);
    this.#client.endResponse(trailer);
  }

  /** The end of every exchange, once. */
  #close(status: number): void {
    this.#isOpen = false;
    this.#answer.cut();
    this.#body.watchers.cut();
    this.#timers.stop();
    this.#record.close(status, this.#routed.route, this.#delivery.attempts);
  }
}
