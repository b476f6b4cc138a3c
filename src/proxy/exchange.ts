import { AppError } from "../kernel/index.ts";
import type { ExchangeTimeouts } from "../route/index.ts";
import { type BodyFraming, FieldId, Framing, type MessageHead, type WireFault } from "../wire/index.ts";
import { Answer, type AnswerOwner } from "./answer.ts";
import { Attempts } from "./attempts.ts";
import type { Downstream } from "./downstream.ts";
import type { Engine } from "./engine.ts";
import { ExchangeRecord } from "./exchange-record.ts";
import { type ProxyFailure, failures } from "./failure.ts";
import { FilterHold, type HoldOwner } from "./filter-hold.ts";
import { interimText, isContentOdd, requestHeadText, responseHeadText } from "./message-heads.ts";
import { type OwnAnswer, failureAnswer, writeOwnAnswer } from "./own-answer.ts";
import { PhaseTimer } from "./phase-timer.ts";
import type { RequestContext } from "./request-context.ts";
import { RequestBody, type RequestBodyOwner } from "./request-body.ts";
import { type FilterOutcome, RoutedRequest } from "./routed-request.ts";
import type { ResponseReceiver, Upstream } from "./upstream.ts";

const Phase = { idle: 0, waiting: 1, connecting: 2, sent: 3, answering: 4, tunnel: 5 } as const;

/**
 * One request from its head to the end of its answer: route, filters, endpoint, retries, response. One object serves all
 * requests of a connection, one after another; every method is called by an event, also when a filter is waited for.
 */
export class Exchange implements ResponseReceiver, AnswerOwner, RequestBodyOwner, HoldOwner {
  readonly #engine: Engine;
  readonly #client: Downstream;
  readonly #context: RequestContext;
  readonly #head: MessageHead;
  readonly #framing: BodyFraming;
  readonly #routed: RoutedRequest;
  readonly #attempts: Attempts;
  readonly #record: ExchangeRecord;
  readonly #body: RequestBody;
  readonly #answer: Answer;
  #phase: number = Phase.idle;
  #upstream: Upstream | undefined = undefined;
  #upgrade = "";
  /** The filter that the request waits for. */
  #hold: FilterHold | undefined = undefined;
  /** Undefined when no filter asked for one. */
  #timers: PhaseTimer[] | undefined = undefined;

  constructor(engine: Engine, client: Downstream, context: RequestContext, head: MessageHead, framing: BodyFraming) {
    this.#engine = engine;
    this.#client = client;
    this.#context = context;
    this.#head = head;
    this.#framing = framing;
    this.#routed = new RoutedRequest(engine, context);
    this.#attempts = new Attempts(engine, context);
    this.#record = new ExchangeRecord(engine, context);
    this.#body = new RequestBody(engine, client, framing, this);
    this.#answer = new Answer(engine, client, context, this.#routed, this.#record, this);
  }

  /** Starts on the request in the context. */
  begin(): void {
    this.#open();
    this.#filtered(this.#routed.begin());
  }

  /** Answers a request that is refused before it is one: nothing of it can be believed. */
  refuse(failure: ProxyFailure, detail: WireFault | undefined, status: number): void {
    this.#open();
    this.#failWith(failure, detail, status, true);
  }

  onRequestData(buffer: Buffer, start: number, end: number): void {
    this.#body.take(buffer, start, end);
  }

  /** The request has come in full, with the body that its head spoke of. */
  onRequestEnd(trailer: MessageHead | undefined): void {
    this.#body.end(trailer);
  }

  onTunnelRequest(buffer: Buffer, start: number, end: number): void {
    const upstream = this.#upstream;
    if (upstream === undefined) return;
    upstream.writeTunnel(buffer, start, end);
    if (upstream.isBlocked) this.#client.pause();
  }

  /** The client has ended its side of the tunnel. */
  onTunnelRequestEnd(): void {
    this.#upstream?.endTunnel();
  }

  /** Both sides of the tunnel have ended, and the client has got everything. */
  onTunnelClosed(): void {
    const upstream = this.#upstream;
    this.#upstream = undefined;
    this.#attempts.free();
    upstream?.leaveTunnel();
    this.#close(101);
  }

  /** The client's connection takes data again, or no more for now. */
  onClientDrained(): void {
    this.#answer.onClientDrained();
  }

  onClientBlocked(): void {
    if (this.#phase === Phase.tunnel) this.#upstream?.pause();
    else this.#answer.onClientBlocked();
  }

  /** Ends the exchange without an answer: the client is gone, or its answer can not be finished. */
  abort(failure: ProxyFailure): void {
    if (this.#phase === Phase.idle) return;
    const isTunnel = this.#phase === Phase.tunnel;
    this.#letGo();
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

  onConnected(): void {
    this.#send();
  }

  onInterim(head: MessageHead): void {
    if (this.#client.takesInterim) this.#client.writeInterim(interimText(head));
  }

  onUpgraded(head: MessageHead): void {
    const protocol = head.valueOf(FieldId.upgrade)?.toLowerCase();
    if (this.#upgrade === "" || protocol !== this.#upgrade) {
      this.fail("PROXY_UPGRADE", undefined);
      return;
    }
    this.#record.status = 101;
    this.#attempts.answered(101);
    this.#phase = Phase.tunnel;
    this.#client.startTunnel(responseHeadText(head, Framing.none, this.#context.method), protocol);
  }

  onResponseHead(head: MessageHead, framing: BodyFraming): void {
    this.#record.answered();
    this.#attempts.answered(head.status);
    this.#phase = Phase.answering;
    this.#body.forget();
    this.#answer.begin(head, framing);
  }

  onResponseData(buffer: Buffer, start: number, end: number): void {
    this.#answer.onData(buffer, start, end);
  }

  onResponseEnd(trailer: MessageHead | undefined): void {
    const upstream = this.#upstream;
    this.#upstream = undefined;
    this.#attempts.free();
    // The rest of the request would be taken for the next one.
    if (!this.#body.isSent) upstream?.destroy();
    this.#answer.onEnd(trailer);
  }

  onTunnelData(buffer: Buffer, start: number, end: number): void {
    this.#client.writeTunnel(buffer, start, end);
    if (this.#client.isBlocked) this.#upstream?.pause();
  }

  onTunnelEnd(): void {
    this.#client.endTunnel();
  }

  onRequestBlocked(): void {
    this.#body.onEndpointBlocked();
  }

  onRequestDrained(): void {
    this.#body.onEndpointDrained();
  }

  onLost(failure: ProxyFailure, detail: WireFault | undefined): void {
    const upstream = this.#upstream;
    this.#upstream = undefined;
    this.#attempts.free();
    if (this.#phase === Phase.tunnel) {
      this.#close(101);
      this.#client.breakResponse();
      return;
    }
    const mayRetry = this.#attempts.lost({
      failure,
      method: this.#context.method,
      wasSent: this.#phase >= Phase.sent,
      hasAnswered: upstream?.hasAnswered === true,
      isBodyUsed: this.#body.isUsedUp,
      wasReused: upstream?.wasReused === true,
    });
    if (!mayRetry) {
      this.fail(failure, detail);
      return;
    }
    if (!this.#body.isWhole) this.#client.holdBody();
    this.#dispatch();
  }

  get endpoint(): Upstream | undefined {
    return this.#upstream;
  }

  onBodyFailed(error: unknown): void {
    const isBlocked = error instanceof AppError && error.code === "ROUTE_CONTENT_BLOCKED";
    this.fail(isBlocked ? "PROXY_CONTENT_BLOCKED" : this.#routed.failed("PROXY_FILTER_BODY", error), undefined);
  }

  onFilterDone(next: number): void {
    this.#hold = undefined;
    this.#filtered(this.#routed.goOn(next));
  }

  onFilterFailed(failure: ProxyFailure, thrown: unknown): void {
    // A filter that is late may still be at work on the context.
    if (failure !== "PROXY_FILTER_TIMEOUT") this.#hold = undefined;
    this.fail(this.#routed.failed(failure, thrown), undefined);
  }

  onAnswerBegin(isOwn: boolean): boolean {
    const writeMs = this.#context.timeoutsSet?.writeMs;
    if (writeMs !== undefined) this.#limit(writeMs, "PROXY_CLIENT_STALLED");
    // Without the end of the request nobody knows where the next one starts.
    return !this.#body.isWhole && !(isOwn && this.#client.canSkipBody);
  }

  pauseEndpoint(): void {
    this.#upstream?.pause();
  }

  resumeEndpoint(): void {
    this.#upstream?.resume();
  }

  dropEndpoint(): void {
    this.#letGo();
  }

  onAnswerEnd(trailer: MessageHead | undefined): void {
    this.#finish(trailer);
  }

  #open(): void {
    this.#phase = Phase.waiting;
    this.#upgrade = "";
    this.#body.reset();
    this.#answer.reset();
    this.#routed.reset();
    this.#attempts.reset();
    this.#record.open();
  }

  /** The request's filters have come to this. */
  #filtered(outcome: FilterOutcome): void {
    const { timeouts, upgrades } = this.#engine.options;
    if (outcome !== undefined) {
      if (typeof outcome === "string") this.fail(outcome, undefined);
      else this.#hold = new FilterHold(outcome, timeouts.filterMs, this.#engine.deadlines, this);
      return;
    }
    if (this.#routed.isAnswered) {
      this.#phase = Phase.answering;
      this.#answer.beginOwn();
      return;
    }
    if (this.#framing.framing === Framing.none) this.#upgrade = this.#context.wantedUpgrade(upgrades);
    else this.#body.prepare(this.#context.method, this.#context.requestTransforms);
    const limits = this.#context.timeoutsSet;
    if (limits !== undefined) this.#startTimers(limits);
    this.#engine.budget.earn();
    this.#dispatch();
  }

  #startTimers({ backendMs, readMs }: ExchangeTimeouts): void {
    if (backendMs !== undefined) this.#limit(backendMs, "PROXY_BACKEND_TIMEOUT");
    if (readMs !== undefined && !this.#body.isWhole) this.#limit(readMs, "PROXY_BODY_TIMEOUT");
  }

  /** From now on the exchange has this long to get over what can fail so. */
  #limit(timeoutMs: number, failure: "PROXY_BACKEND_TIMEOUT" | "PROXY_BODY_TIMEOUT" | "PROXY_CLIENT_STALLED"): void {
    const timer = new PhaseTimer(timeoutMs, this.#engine.deadlines, () => {
      if (failure === "PROXY_BACKEND_TIMEOUT" && this.#upstream === undefined) return;
      if (failure === "PROXY_BODY_TIMEOUT" && this.#body.isWhole) return;
      this.fail(failure, undefined);
    });
    (this.#timers ??= []).push(timer);
  }

  #dispatch(): void {
    const { target } = this.#routed;
    const upstream = target === undefined ? undefined : this.#attempts.next(target);
    if (upstream === undefined) {
      this.fail(this.#attempts.failure, undefined);
      return;
    }
    this.#upstream = upstream;
    this.#phase = Phase.connecting;
    upstream.assign(this);
    if (upstream.isConnected) this.#send();
  }

  #send(): void {
    const upstream = this.#upstream;
    const endpoint = this.#attempts.endpoint;
    if (upstream === undefined || endpoint === undefined) return;
    const { framing } = this.#body;
    const { method } = this.#context;
    const text = requestHeadText(this.#head, framing, this.#context, this.#upgrade, endpoint.authority);
    if (text === undefined) {
      this.fail("PROXY_FILTER", undefined);
      return;
    }
    this.#phase = Phase.sent;
    this.#record.sent();
    upstream.begin(method, text, framing.framing, isContentOdd(method, framing.framing));
    this.#body.send(upstream);
  }

  /** `isFinal`: there is nothing to go on from behind the answer. */
  #failWith(failure: ProxyFailure, detail: WireFault | undefined, status: number, isFinal: boolean): void {
    // What a filter may still be working on can not serve another request.
    const isHeld = this.#hold !== undefined || this.#answer.isHeld;
    if (failures[failure].isUpstream) this.#attempts.failed();
    this.#letGo();
    this.#answer.cut();
    this.#record.failure = detail ?? failure;
    this.#engine.metrics.failure(failure);
    if (this.#answer.hasBegun || this.#phase === Phase.tunnel) {
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
    this.#phase = Phase.answering;
    const mustEnd = isFinal || (!this.#body.isWhole && !client.canSkipBody);
    record.responseBytes = writeOwnAnswer(client, answer, this.#context.method, this.#engine.clock.wallMs(), mustEnd);
    this.#finish(undefined);
  }

  #finish(trailer: MessageHead | undefined): void {
    this.#close(this.#record.status);
    this.#client.endResponse(trailer);
  }

  /** Lets go of the endpoint; a connection in the middle of something is closed. */
  #letGo(): void {
    const upstream = this.#upstream;
    this.#upstream = undefined;
    upstream?.destroy();
    this.#attempts.abandon();
    this.#hold?.cancel();
    this.#hold = undefined;
    this.#body.cut();
  }

  /** The end of every exchange, once. */
  #close(status: number): void {
    this.#phase = Phase.idle;
    this.#answer.cut();
    if (this.#timers !== undefined) this.#stopTimers(this.#timers);
    this.#record.close(status, this.#routed.route, this.#attempts.endpoint);
  }

  #stopTimers(timers: readonly PhaseTimer[]): void {
    this.#timers = undefined;
    for (const timer of timers) timer.stop();
  }
}
