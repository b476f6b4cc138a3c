import { type BodyFraming, FieldId, Framing, type MessageHead, type WireFault } from "../wire/index.ts";
import { Attempts } from "./attempts.ts";
import type { Downstream } from "./downstream.ts";
import type { Engine } from "./engine.ts";
import { ExchangeRecord } from "./exchange-record.ts";
import { type ProxyFailure, failures } from "./failure.ts";
import { interimText, isContentOdd, requestHeadText, responseHeadText } from "./message-heads.ts";
import { type OwnAnswer, failureAnswer, writeOwnAnswer } from "./own-answer.ts";
import type { RequestContext } from "./request-context.ts";
import { RoutedRequest } from "./routed-request.ts";
import type { ResponseReceiver, Upstream } from "./upstream.ts";

const Phase = { idle: 0, waiting: 1, connecting: 2, sent: 3, answering: 4, tunnel: 5 } as const;

/**
 * One request from its head to the end of its answer: route, filters, endpoint, retries, response. One object serves all
 * requests of a connection, one after another; it never waits, every method is called by an event.
 */
export class Exchange implements ResponseReceiver {
  readonly #engine: Engine;
  readonly #client: Downstream;
  readonly #context: RequestContext;
  readonly #head: MessageHead;
  readonly #framing: BodyFraming;
  readonly #routed: RoutedRequest;
  readonly #attempts: Attempts;
  readonly #record: ExchangeRecord;
  #phase: number = Phase.idle;
  #upstream: Upstream | undefined = undefined;
  #isRequestWhole = false;
  #isBodyUsed = false;
  #upgrade = "";
  #isBodyHidden = false;

  constructor(engine: Engine, client: Downstream, context: RequestContext, head: MessageHead, framing: BodyFraming) {
    this.#engine = engine;
    this.#client = client;
    this.#context = context;
    this.#head = head;
    this.#framing = framing;
    this.#routed = new RoutedRequest(engine.routing, context);
    this.#attempts = new Attempts(engine, context);
    this.#record = new ExchangeRecord(engine, context);
  }

  /** Starts on the request in the context. */
  begin(): void {
    this.#open();
    const failure = this.#routed.begin();
    if (failure !== undefined) {
      this.fail(failure, undefined);
      return;
    }
    if (this.#routed.isAnswered) {
      this.#answerFromContext();
      return;
    }
    this.#upgrade = this.#framing.framing === Framing.none ? this.#context.wantedUpgrade(this.#engine.options.upgrades) : "";
    this.#engine.budget.earn();
    this.#dispatch();
  }

  /** Answers a request that is refused before it is one: nothing of it can be believed. */
  refuse(failure: ProxyFailure, detail: WireFault | undefined, status: number): void {
    this.#open();
    this.#failWith(failure, detail, status, true);
  }

  onRequestData(buffer: Buffer, start: number, end: number): void {
    this.#isBodyUsed = true;
    const upstream = this.#upstream;
    if (upstream === undefined) return;
    upstream.writeBody(buffer, start, end);
    if (upstream.isBlocked) this.#client.pause();
  }

  /** The request has come in full, with the body that its head spoke of. */
  onRequestEnd(trailer: MessageHead | undefined): void {
    this.#isRequestWhole = true;
    this.#isBodyUsed = true;
    this.#upstream?.endRequest(trailer);
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
    this.#upstream?.resume();
  }

  onClientBlocked(): void {
    if (this.#phase >= Phase.answering) this.#upstream?.pause();
  }

  /** Ends the exchange without an answer: the client is gone, or its answer can not be finished. */
  abort(failure: ProxyFailure): void {
    if (this.#phase === Phase.idle) return;
    const isTunnel = this.#phase === Phase.tunnel;
    this.#letGo();
    if (!isTunnel) this.#record.failure = failure;
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
    const record = this.#record;
    record.answered();
    this.#attempts.answered(head.status);
    const text = this.#routed.responseHead(head, framing);
    if (text === undefined) {
      this.fail("PROXY_FILTER", undefined);
      return;
    }
    record.status = this.#routed.status;
    this.#phase = Phase.answering;
    this.#isBodyHidden = record.status === 204 || record.status === 304;
    // Without the end of the request nobody knows where the next one starts.
    this.#client.startResponse(text, this.#isBodyHidden ? Framing.none : framing.framing, !this.#isRequestWhole);
    if (this.#client.isBlocked) this.#upstream?.pause();
  }

  onResponseData(buffer: Buffer, start: number, end: number): void {
    if (this.#isBodyHidden) return;
    this.#record.responseBytes += end - start;
    this.#client.writeBody(buffer, start, end);
  }

  onResponseEnd(trailer: MessageHead | undefined): void {
    const upstream = this.#upstream;
    this.#upstream = undefined;
    this.#attempts.free();
    // The rest of the request would be taken for the next one.
    if (!this.#isRequestWhole) upstream?.destroy();
    this.#finish(trailer);
  }

  onTunnelData(buffer: Buffer, start: number, end: number): void {
    this.#client.writeTunnel(buffer, start, end);
    if (this.#client.isBlocked) this.#upstream?.pause();
  }

  onTunnelEnd(): void {
    this.#client.endTunnel();
  }

  onRequestBlocked(): void {
    this.#client.pause();
  }

  onRequestDrained(): void {
    this.#client.resume();
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
      isBodyUsed: this.#isBodyUsed,
      wasReused: upstream?.wasReused === true,
    });
    if (!mayRetry) {
      this.fail(failure, detail);
      return;
    }
    if (this.#framing.framing !== Framing.none) this.#client.holdBody();
    this.#dispatch();
  }

  #open(): void {
    this.#phase = Phase.waiting;
    this.#isRequestWhole = this.#framing.framing === Framing.none;
    this.#isBodyUsed = false;
    this.#upgrade = "";
    this.#isBodyHidden = false;
    this.#routed.reset();
    this.#attempts.reset();
    this.#record.open();
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
    const { framing } = this.#framing;
    const { method } = this.#context;
    const text = requestHeadText(this.#head, this.#framing, this.#context, this.#upgrade, endpoint.authority);
    if (text === undefined) {
      this.fail("PROXY_FILTER", undefined);
      return;
    }
    this.#phase = Phase.sent;
    this.#record.sent();
    upstream.begin(method, text, framing, isContentOdd(method, framing));
    if (framing === Framing.none) upstream.endRequest(undefined);
    else this.#client.startBody();
  }

  /** The answer of a filter or of a `<shunt>`. */
  #answerFromContext(): void {
    const context = this.#context;
    const fields = this.#routed.answerFields();
    if (fields === undefined) {
      this.fail("PROXY_FILTER", undefined);
      return;
    }
    const { buffer, byteOffset, byteLength } = context.responseBody;
    this.#answer({ status: context.responseStatus, fields, body: Buffer.from(buffer, byteOffset, byteLength) }, false);
  }

  /** `isFinal`: there is nothing to go on from behind the answer. */
  #failWith(failure: ProxyFailure, detail: WireFault | undefined, status: number, isFinal: boolean): void {
    this.#letGo();
    this.#record.failure = detail ?? failure;
    this.#engine.metrics.failure(failure);
    if (this.#phase >= Phase.answering) {
      // Part of the answer is out: the only way to say that the rest is missing.
      this.#close(this.#record.status);
      this.#client.breakResponse();
      return;
    }
    this.#answer(failureAnswer(failure, detail, status, this.#engine.options.retryAfterSeconds), isFinal);
  }

  #answer(answer: OwnAnswer, isFinal: boolean): void {
    const record = this.#record;
    const client = this.#client;
    record.status = answer.status;
    this.#phase = Phase.answering;
    const mustEnd = isFinal || (!this.#isRequestWhole && !client.canSkipBody);
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
  }

  /** The end of every exchange, once. */
  #close(status: number): void {
    this.#phase = Phase.idle;
    this.#record.close(status, this.#routed.route, this.#attempts.endpoint);
  }
}
