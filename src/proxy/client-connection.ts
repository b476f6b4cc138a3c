import type { Socket } from "node:net";
import { FieldId, Framing, type MessageHead, RequestTarget, type WireFault, wireFaults } from "../wire/index.ts";
import { adoptClientSocket } from "./client-socket.ts";
import { breakOff } from "./break-off.ts";
import type { Connection, OpenedConnection } from "./connection.ts";
import type { Deadlined } from "./deadlines.ts";
import type { Downstream } from "./downstream.ts";
import type { Engine } from "./engine.ts";
import { Exchange } from "./exchange.ts";
import { type ProxyFailure, failures } from "./failure.ts";
import { RequestContext } from "./request-context.ts";
import { ReadPhase, RequestReader, type RequestReceiver } from "./request-reader.ts";
import { ResponseWriter } from "./response-writer.ts";
import { SocketWriter, type WriterOwner } from "./socket-writer.ts";

/** A body no longer than this is read to its end to keep the connection, when it is not wanted. */
const DISCARD_BYTES = 65_536;

/** One HTTP/1.1 client connection: gives each request to the exchange, keeps its time, and closes so that no answer is lost. */
export class ClientConnection implements Connection, Downstream, RequestReceiver, WriterOwner, Deadlined {
  readonly #engine: Engine;
  readonly #socket: Socket;
  readonly #writer: SocketWriter;
  readonly #response: ResponseWriter;
  readonly #request: RequestReader;
  readonly #head: MessageHead;
  readonly #target = new RequestTarget();
  readonly #context: RequestContext;
  readonly #exchange: Exchange;
  readonly #onClosed: (connection: Connection) => void;
  #isPaused = false;
  #hasEnded = false;
  #isDropped = false;
  #wantsClose = false;
  #isHeadTimed = false;
  #requests = 0;
  #countedBytes = 0;
  deadlineMs = Infinity;
  deadlineSlot = -1;

  /** `first` are bytes that were read off the socket before; they are this connection's from now on. */
  constructor(
    { socket: accepted, peer, first }: OpenedConnection,
    engine: Engine,
    readBuffer: Buffer,
    onClosed: (connection: Connection) => void,
  ) {
    this.#engine = engine;
    this.#request = new RequestReader(engine.options.limits, readBuffer, this);
    this.#head = this.#request.head;
    const socket = adoptClientSocket(accepted, readBuffer, (buffer, length) => {
      this.#engine.metrics.receivedBytes.add(length);
      this.#request.take(buffer, 0, length);
    });
    this.#socket = socket;
    this.#onClosed = onClosed;
    this.#writer = new SocketWriter(socket, engine.queue, this);
    this.#response = new ResponseWriter(this.#writer);
    this.#context = new RequestContext(this.#head, this.#request.framing, peer, engine);
    this.#exchange = new Exchange(engine, this, this.#context, this.#head, this.#request.framing);
    socket.on("end", () => {
      this.#hasEnded = true;
      if (!this.#request.hasWaiting) this.#afterEnd();
    });
    socket.on("drain", () => {
      this.#writer.isBlocked = false;
      this.#arm();
      this.#exchange.onClientDrained();
      if (this.#request.phase === ReadPhase.head) this.#goOn();
    });
    // An error is followed by close; a client that resets its connection is nothing to report.
    socket.on("error", () => {});
    socket.on("close", (hadError) => {
      // An end without an error, and none of ours, is that of both sides.
      if (!hadError && this.#request.phase === ReadPhase.tunnel) this.#exchange.onTunnelClosed();
      else this.#exchange.abort("PROXY_CLIENT_CLOSED");
      this.#onClose();
    });
    engine.deadlines.add(this);
    this.deadlineMs = engine.deadlines.nowMs + engine.options.timeouts.requestHeadMs;
    if (first !== undefined) {
      engine.metrics.receivedBytes.add(first.length);
      this.#request.take(first, 0, first.length);
    }
  }

  /** Whether no request is under way: it may be closed without harm. */
  get isIdle(): boolean {
    return this.#request.isIdle;
  }

  /** Whether only the client's end is waited for. */
  get isClosing(): boolean {
    return this.#request.phase === ReadPhase.closing;
  }

  get isBlocked(): boolean {
    return this.#writer.isBlocked;
  }

  get takesInterim(): boolean {
    return this.#head.minorVersion === 1;
  }

  get canSkipBody(): boolean {
    const { framing, leftBytes } = this.#request;
    return framing.framing === Framing.length && leftBytes <= DISCARD_BYTES && (this.#head.present & FieldId.expect) === 0;
  }

  /** Brings the count of bytes sent up to date; called every tick. */
  countBytes(): void {
    if (this.#writer.bytes === this.#countedBytes) return;
    this.#engine.metrics.sentBytes.add(this.#writer.bytes - this.#countedBytes);
    this.#countedBytes = this.#writer.bytes;
  }

  /** Closes at once. What is under way is lost and counted as such. */
  destroy(failure: ProxyFailure): void {
    this.#exchange.abort(failure);
    this.#drop();
  }

  /** Closes an idle connection; one that is not will say so in its answer. */
  closeIfIdle(): void {
    if (this.isIdle) this.#close();
  }

  writeInterim(text: string): void {
    this.#writer.text(text);
  }

  startResponse(text: string, framing: Framing, isFinal: boolean): void {
    this.#response.start(text, framing, this.#head.minorVersion, isFinal || this.#isLastRequest);
  }

  writeBody(buffer: Buffer, start: number, end: number): void {
    this.#response.body(buffer, start, end);
  }

  endResponse(trailer: MessageHead | undefined): void {
    this.#response.end(trailer);
    if (this.#isDropped) return;
    if (this.#response.isLast) {
      this.#close();
      return;
    }
    this.#request.endAnswer();
    this.#arm();
    if (!this.#request.isTaking) this.#goOn();
  }

  breakResponse(): void {
    this.#writer.flush();
    this.#drop();
  }

  startBody(): void {
    if (this.#request.phase === ReadPhase.held) this.#enter(ReadPhase.body);
  }

  holdBody(): void {
    if (this.#request.phase === ReadPhase.body) this.#request.phase = ReadPhase.held;
  }

  pause(): void {
    if (this.#isPaused || this.#isDropped) return;
    this.#isPaused = true;
    this.#socket.pause();
    this.#arm();
  }

  resume(): void {
    if (!this.#isPaused || this.#isDropped || this.#request.phase === ReadPhase.held || this.#request.hasWaiting) return;
    this.#isPaused = false;
    this.#arm();
    this.#socket.resume();
  }

  startTunnel(text: string, protocol: string): void {
    this.#writer.text(`${text}Connection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`);
    this.#enter(ReadPhase.tunnel);
  }

  writeTunnel(buffer: Buffer, start: number, end: number): void {
    this.#arm();
    this.#writer.data(buffer, start, end);
  }

  endTunnel(): void {
    this.#writer.flush();
    this.#socket.end();
  }

  onBlocked(): void {
    this.#arm();
    this.#exchange.onClientBlocked();
  }

  onRequestHead(): void {
    const request = this.#request;
    const { framing } = request;
    this.#requests++;
    this.#wantsClose = false;
    if (!this.#target.read(this.#head)) return this.#refuse("PROXY_REQUEST_MALFORMED", this.#target.fault);
    if (!framing.ofRequest(this.#head)) return this.#refuse("PROXY_REQUEST_MALFORMED", framing.fault);
    if (this.#head.method === "CONNECT") return this.#refuse("PROXY_METHOD", undefined);
    if (!this.#context.begin(this.#target)) return this.#refuse("PROXY_PATH", undefined);
    this.#wantsClose = this.#context.wantsClose;
    if (!request.beginBody()) return this.#refuse("PROXY_BODY_TOO_LARGE", undefined);
    if (this.#context.hasUnknownExpectation) return this.#refuse("PROXY_EXPECTATION", undefined);
    // A body of no bytes is whole already.
    if (request.phase === ReadPhase.answer) framing.framing = Framing.none;
    this.deadlineMs = Infinity;
    this.#isHeadTimed = false;
    this.#exchange.begin();
  }

  onRequestData(buffer: Buffer, start: number, end: number): void {
    this.#exchange.onRequestData(buffer, start, end);
  }

  onRequestEnd(trailer: MessageHead | undefined): void {
    if (!this.#writer.isBlocked) this.deadlineMs = Infinity;
    this.#exchange.onRequestEnd(trailer);
  }

  onTunnelRequest(buffer: Buffer, start: number, end: number): void {
    this.#arm();
    this.#exchange.onTunnelRequest(buffer, start, end);
  }

  onRequestFault(failure: ProxyFailure, detail: WireFault | undefined): void {
    if (this.#request.phase === ReadPhase.body) this.#exchange.fail(failure, detail);
    else this.#refuse(failure, detail);
  }

  onRequestProgress(): void {
    this.#arm();
  }

  onDeadline(): void {
    if (this.#writer.isBlocked) this.#stall();
    else if (this.#request.isInHead) this.#refuse("PROXY_HEAD_TIMEOUT", undefined);
    else if (this.#request.phase === ReadPhase.body) this.#exchange.fail("PROXY_BODY_TIMEOUT", undefined);
    else this.destroy("PROXY_CLIENT_STALLED");
  }

  /** Answers that are made and not taken have no exchange any more that would count them. */
  #stall(): void {
    if (this.#request.phase === ReadPhase.head || this.isClosing) this.#engine.metrics.failure("PROXY_CLIENT_STALLED");
    this.destroy("PROXY_CLIENT_STALLED");
  }

  get #isLastRequest(): boolean {
    const { isDraining, options } = this.#engine;
    return this.#wantsClose || this.#hasEnded || isDraining || this.#requests >= options.limits.requestsPerConnection;
  }

  /** What waits, and what comes, is from here on for another. */
  #enter(phase: ReadPhase): void {
    this.#request.phase = phase;
    this.#arm();
    if (!this.#request.isTaking) this.#goOn();
  }

  /** Goes on with what waits, then with reading. */
  #goOn(): void {
    this.#request.takeWaiting();
    if (this.#request.hasWaiting) return;
    this.resume();
    if (this.#hasEnded) this.#afterEnd();
  }

  #refuse(failure: ProxyFailure, detail: WireFault | undefined): void {
    this.#request.phase = ReadPhase.answer;
    this.#wantsClose = true;
    this.#context.clear();
    this.#exchange.refuse(failure, detail, detail === undefined ? failures[failure].status : wireFaults[detail].status);
  }

  /** Ends our side, behind what is still to be written, and waits for the client to end its own. */
  #close(): void {
    if (this.isClosing) return;
    this.#request.close();
    this.#writer.flush();
    this.#socket.end(() => {
      this.deadlineMs = this.#engine.deadlines.nowMs + this.#engine.options.timeouts.lingerMs;
    });
    this.deadlineMs = this.#engine.deadlines.nowMs + this.#engine.options.timeouts.writeStallMs;
    this.#isPaused = false;
    this.#socket.resume();
  }

  /** What only the end of the connection would end is reset: a plain end would say that it was whole (RFC 9112 section 8). */
  #drop(): void {
    const isOpenEnded = this.#request.phase === ReadPhase.tunnel || this.#response.isOpenEnded;
    this.#isDropped = true;
    this.#request.close();
    // Over TLS a close without close_notify says it (RFC 8446 section 6.1); Node resets plain sockets only.
    if (isOpenEnded && !("encrypted" in this.#socket)) breakOff(this.#socket);
    else this.#socket.destroy();
  }

  /** The client has ended its side and everything it sent was used: a request that is whole still gets its answer. */
  #afterEnd(): void {
    const { phase, isInHead } = this.#request;
    if (phase === ReadPhase.tunnel) this.#exchange.onTunnelRequestEnd();
    else if (isInHead) this.#refuse("PROXY_REQUEST_MALFORMED", "WIRE_START_LINE");
    else if (phase === ReadPhase.held || phase === ReadPhase.body) this.#exchange.fail("PROXY_BODY_INCOMPLETE", undefined);
    else if (phase === ReadPhase.head || phase === ReadPhase.discard) this.#close();
  }

  #onClose(): void {
    this.#isDropped = true;
    this.#request.close();
    this.#engine.deadlines.remove(this);
    this.countBytes();
    this.#onClosed(this);
  }

  #arm(): void {
    const { timeouts } = this.#engine.options;
    const { phase } = this.#request;
    const nowMs = this.#engine.deadlines.nowMs;
    if (phase === ReadPhase.closing) return;
    if (this.#writer.isBlocked) this.deadlineMs = nowMs + timeouts.writeStallMs;
    else if (this.#request.isInHead) {
      // Runs from the first byte: a client that sends one byte at a time does not get more.
      if (!this.#isHeadTimed) this.deadlineMs = nowMs + timeouts.requestHeadMs;
      this.#isHeadTimed = true;
    } else if (phase === ReadPhase.head) this.deadlineMs = nowMs + timeouts.clientIdleMs;
    else if (phase === ReadPhase.body || phase === ReadPhase.discard)
      this.deadlineMs = this.#isPaused ? Infinity : nowMs + timeouts.requestBodyIdleMs;
    else if (phase === ReadPhase.tunnel) this.deadlineMs = nowMs + timeouts.tunnelIdleMs;
    else this.deadlineMs = Infinity;
  }
}
