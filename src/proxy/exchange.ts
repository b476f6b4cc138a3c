import { type CompiledRoute, runRequestFilters } from "../route/index.ts";
import { type BodyFraming, FieldId, Framing, type MessageHead, type WireFault } from "../wire/index.ts";
import { Attempts } from "./attempts.ts";
import { Coding, type Downstream, codingFor } from "./downstream.ts";
import type { Engine } from "./engine.ts";
import { type ProxyFailure, failures } from "./failure.ts";
import { fieldsText, isContentOdd, reasonOf, requestHeadText, responseHeadText } from "./message-heads.ts";
import { lastChunk, ownHeadText } from "./own-answer.ts";
import type { RequestContext } from "./request-context.ts";
import { filteredHeadText, interimText, runResponseSide } from "./response-side.ts";
import type { Target } from "./routing-state.ts";
import type { ResponseReceiver, UpstreamConnection } from "./upstream-connection.ts";

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
  readonly #attempts: Attempts;
  #phase: number = Phase.idle;
  #route: CompiledRoute | undefined = undefined;
  #target: Target | undefined = undefined;
  #upstream: UpstreamConnection | undefined = undefined;
  #filtersRun = 0;
  #isRequestWhole = false;
  #isBodyUsed = false;
  #upgrade = "";
  #coding: Coding = Coding.none;
  #isBodyHidden = false;
  #isLast = false;
  #status = 0;
  #responseBytes = 0;
  #startedMs = 0;
  #sentMs = 0;
  #failure: ProxyFailure | WireFault | "" = "";

  constructor(engine: Engine, client: Downstream, context: RequestContext, head: MessageHead, framing: BodyFraming) {
    this.#engine = engine;
    this.#client = client;
    this.#context = context;
    this.#head = head;
    this.#framing = framing;
    this.#attempts = new Attempts(engine, context);
  }

  /** Whether an answer is under way that ends where the connection does: a body without framing, or another protocol. */
  get isOpenEnded(): boolean {
    return this.#phase === Phase.tunnel || (this.#phase === Phase.answering && this.#coding === Coding.untilClose);
  }

  /** Starts on the request in the context. */
  begin(): void {
    this.#open();
    const { routing } = this.#engine;
    const route = routing.table.match(this.#context);
    if (route === undefined) {
      this.fail(routing.knowledge === "live" && routing.hasTable ? "PROXY_NO_ROUTE" : "PROXY_NO_ROUTE_UNSURE", undefined);
      return;
    }
    this.#route = route;
    this.#context.setRoute(route);
    const target = routing.targetOf(route);
    this.#target = target;
    if (target.kind === "broken") {
      this.fail("PROXY_ROUTE_BROKEN", undefined);
      return;
    }
    if (route.filters.length > 0 && !this.#runRequestFilters(route)) return;
    if (this.#context.responded || target.kind === "shunt") {
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
    this.#isLast = true;
    this.#failWith(failure, detail, status);
  }

  onRequestData(buffer: Buffer, start: number, end: number): void {
    this.#isBodyUsed = true;
    const upstream = this.#upstream;
    if (upstream === undefined) return;
    if (this.#framing.framing === Framing.chunked) upstream.writer.chunk(buffer, start, end);
    else upstream.writer.data(buffer, start, end);
    if (upstream.writer.isBlocked) this.#client.pause();
  }

  /** The request has come in full. */
  onRequestEnd(trailer: MessageHead | undefined): void {
    this.#isRequestWhole = true;
    const upstream = this.#upstream;
    if (upstream === undefined || this.#framing.framing === Framing.none) return;
    this.#isBodyUsed = true;
    if (this.#framing.framing === Framing.chunked) upstream.writer.text(lastChunk(trailer));
    upstream.requestEnded();
  }

  onTunnelRequest(buffer: Buffer, start: number, end: number): void {
    const upstream = this.#upstream;
    if (upstream === undefined) return;
    upstream.keepTunnel();
    upstream.writer.data(buffer, start, end);
    if (upstream.writer.isBlocked) this.#client.pause();
  }

  /** The client has ended its side of the tunnel. */
  onTunnelRequestEnd(): void {
    this.#upstream?.endTunnel();
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
    if (!isTunnel) this.#failure = failure;
    this.#close(isTunnel ? 101 : this.#status === 0 ? failures[failure].status : this.#status);
  }

  /** Answers with an error of our own, or breaks an answer that has begun. */
  fail(failure: ProxyFailure, detail: WireFault | undefined): void {
    this.#failWith(failure, detail, failures[failure].status);
  }

  onConnected(): void {
    this.#send();
  }

  onInterim(head: MessageHead): void {
    // RFC 9110 section 15.2: not to an HTTP/1.0 client.
    if (this.#client.minorVersion === 1) this.#client.writeHead(interimText(head));
  }

  onUpgraded(head: MessageHead): void {
    const protocol = head.valueOf(FieldId.upgrade)?.toLowerCase();
    if (this.#upgrade === "" || protocol !== this.#upgrade) {
      this.fail("PROXY_UPGRADE", undefined);
      return;
    }
    this.#status = 101;
    this.#phase = Phase.tunnel;
    this.#client.writeHead(
      `${responseHeadText(head, Framing.none, this.#context.method)}Connection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`,
    );
    this.#client.startTunnel();
  }

  onResponseHead(head: MessageHead, framing: BodyFraming): void {
    this.#engine.metrics.upstreamSeconds.observe((this.#engine.deadlines.refresh() - this.#sentMs) / 1000);
    const route = this.#route;
    let text: string | undefined;
    if (route !== undefined && this.#filtersRun > 0) {
      text = filteredHeadText(route, this.#context, this.#filtersRun, head, framing);
      this.#status = this.#context.responseStatus;
    } else {
      this.#status = head.status;
      text = responseHeadText(head, framing.framing, this.#context.method);
    }
    if (text === undefined) {
      this.fail("PROXY_FILTER", undefined);
      return;
    }
    this.#phase = Phase.answering;
    this.#isBodyHidden = this.#status === 204 || this.#status === 304;
    // Without the end of the request nobody knows where the next one starts.
    this.#isLast = this.#client.isLastRequest || !this.#isRequestWhole;
    this.#coding = this.#isBodyHidden ? Coding.none : codingFor(framing.framing, this.#client.minorVersion);
    if (this.#coding === Coding.untilClose) this.#isLast = true;
    this.#client.writeHead(
      `${text}${this.#coding === Coding.chunked ? "Transfer-Encoding: chunked\r\n" : ""}${this.#connectionField()}\r\n`,
    );
    if (this.#client.isBlocked) this.#upstream?.pause();
  }

  onResponseData(buffer: Buffer, start: number, end: number): void {
    if (this.#isBodyHidden) return;
    this.#responseBytes += end - start;
    this.#client.writeBody(buffer, start, end, this.#coding);
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
      this.#client.breakResponse(true);
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
    this.#route = undefined;
    this.#target = undefined;
    this.#filtersRun = 0;
    this.#isRequestWhole = this.#framing.framing === Framing.none;
    this.#isBodyUsed = false;
    this.#upgrade = "";
    this.#coding = Coding.none;
    this.#isBodyHidden = false;
    this.#isLast = false;
    this.#status = 0;
    this.#responseBytes = 0;
    this.#failure = "";
    this.#attempts.reset();
    this.#startedMs = this.#engine.deadlines.refresh();
    this.#engine.metrics.inFlight.add();
  }

  #runRequestFilters(route: CompiledRoute): boolean {
    try {
      this.#filtersRun = runRequestFilters(route.filters, this.#context);
      return true;
    } catch {
      this.fail("PROXY_FILTER", undefined);
      return false;
    }
  }

  #dispatch(): void {
    const upstream = this.#target === undefined ? undefined : this.#attempts.next(this.#target);
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
    const text = requestHeadText(this.#head, this.#framing, this.#context, this.#upgrade, endpoint.authority);
    if (text === undefined) {
      this.fail("PROXY_FILTER", undefined);
      return;
    }
    this.#phase = Phase.sent;
    this.#sentMs = this.#engine.deadlines.refresh();
    upstream.begin(this.#context.method, text, isContentOdd(this.#context.method, this.#framing.framing));
    if (this.#framing.framing === Framing.none) upstream.requestEnded();
    else this.#client.startBody();
  }

  #connectionField(): string {
    if (this.#isLast) return "Connection: close\r\n";
    return this.#client.minorVersion === 1 ? "" : "Connection: keep-alive\r\n";
  }

  /** The answer of a filter or of a `<shunt>`. */
  #answerFromContext(): void {
    const context = this.#context;
    if (this.#route !== undefined && !runResponseSide(this.#route, context, this.#filtersRun)) {
      this.fail("PROXY_FILTER", undefined);
      return;
    }
    const fields = fieldsText(context.responseHeaders);
    if (fields === undefined) {
      this.fail("PROXY_FILTER", undefined);
      return;
    }
    const body = context.responseBody;
    this.#answer(context.responseStatus, fields, Buffer.from(body.buffer, body.byteOffset, body.byteLength));
  }

  #failWith(failure: ProxyFailure, detail: WireFault | undefined, status: number): void {
    this.#letGo();
    this.#failure = detail ?? failure;
    this.#engine.metrics.failure(failure);
    if (this.#phase >= Phase.answering) {
      // Part of the answer is out: the only way to say that the rest is missing.
      const isOpenEnded = this.isOpenEnded;
      this.#close(this.#status);
      this.#client.breakResponse(isOpenEnded);
      return;
    }
    // What is wrong with the request itself leaves no place to go on from.
    if (status === 400 || status === 408 || status === 413) this.#isLast = true;
    const retryAfter = status === 503 ? `Retry-After: ${this.#engine.options.retryAfterSeconds}\r\n` : "";
    const body = Buffer.from(`${status} ${reasonOf(status)}: ${failures[failure].text} (${detail ?? failure})\n`);
    this.#answer(status, `Content-Type: text/plain; charset=utf-8\r\n${retryAfter}`, body);
  }

  #answer(status: number, fields: string, body: Buffer): void {
    this.#status = status;
    this.#isLast ||= this.#client.isLastRequest || (!this.#isRequestWhole && !this.#client.canSkipBody);
    const isBodiless = this.#context.method === "HEAD" || status === 204 || status === 304;
    const length = status === 204 || status === 304 ? "" : `Content-Length: ${body.length}\r\n`;
    this.#phase = Phase.answering;
    this.#client.writeHead(`${ownHeadText(status, fields, this.#engine.clock.wallMs())}${length}${this.#connectionField()}\r\n`);
    if (!isBodiless && body.length > 0) {
      this.#responseBytes = body.length;
      this.#client.writeBody(body, 0, body.length, Coding.raw);
    }
    this.#coding = Coding.none;
    this.#finish(undefined);
  }

  #finish(trailer: MessageHead | undefined): void {
    const coding = this.#coding;
    const isLast = this.#isLast;
    this.#close(this.#status);
    this.#client.endResponse(coding, trailer, isLast);
  }

  /** Lets go of the endpoint; a connection in the middle of something is closed. */
  #letGo(): void {
    const upstream = this.#upstream;
    this.#upstream = undefined;
    upstream?.destroy();
    this.#attempts.free();
  }

  /** The end of every exchange, once: counts and the access log. */
  #close(status: number): void {
    this.#phase = Phase.idle;
    const engine = this.#engine;
    const durationMs = engine.deadlines.refresh() - this.#startedMs;
    engine.metrics.inFlight.add(-1);
    engine.metrics.request(status, durationMs / 1000, this.#route);
    if (engine.accessLog !== undefined) {
      const entry = engine.logEntry;
      entry.status = status;
      entry.durationMs = durationMs;
      entry.responseBytes = this.#responseBytes;
      entry.routeId = this.#route?.id ?? "";
      entry.endpoint = this.#attempts.endpoint?.authority ?? "";
      entry.failure = this.#failure;
      this.#context.describe(entry);
      engine.accessLog.add(entry);
    }
  }
}
