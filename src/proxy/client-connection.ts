import type { Socket } from "node:net";
import {
  BodyFraming,
  FAULTY,
  FieldId,
  Framing,
  HeadParser,
  type MessageHead,
  NEEDS_MORE,
  RequestTarget,
  type WireFault,
  wireFaults,
} from "../wire/index.ts";
import { adoptClientSocket } from "./client-socket.ts";
import type { Deadlined } from "./deadlines.ts";
import { Coding, type Downstream } from "./downstream.ts";
import type { Engine } from "./engine.ts";
import { Exchange } from "./exchange.ts";
import { type ProxyFailure, failures } from "./failure.ts";
import { lastChunk } from "./own-answer.ts";
import { Peer } from "./peer.ts";
import { BodyStep, RequestBody } from "./request-body.ts";
import { RequestContext } from "./request-context.ts";
import { SocketWriter } from "./socket-writer.ts";

/**
 * head: between requests or in a request head. held: the body is there, the endpoint is not. body: the body is forwarded.
 * answer: the request is whole, its answer is not. discard: the answer is out, the rest of a short body is thrown away.
 * tunnel: another protocol. closing: our side is ended; what still comes is thrown away until the client ends its own.
 */
const Phase = { head: 0, held: 1, body: 2, answer: 3, discard: 4, tunnel: 5, closing: 6, closed: 7 } as const;

/** A body no longer than this is read to its end to keep the connection, when it is not wanted. */
const DISCARD_BYTES = 65_536;

/** One HTTP/1.1 client connection: takes requests off it one after another and gives each to the exchange. */
export class ClientConnection implements Downstream, Deadlined {
  readonly #engine: Engine;
  readonly #socket: Socket;
  readonly #writer: SocketWriter;
  readonly #parser: HeadParser;
  readonly #head: MessageHead;
  readonly #framing = new BodyFraming();
  readonly #body: RequestBody;
  readonly #readBuffer: Buffer;
  readonly #target = new RequestTarget();
  readonly #context: RequestContext;
  readonly #exchange: Exchange;
  readonly #onClosed: (connection: ClientConnection) => void;
  #phase: number = Phase.head;
  /** Bytes that came before they could be used: of a body without an endpoint, or of the next request. */
  #waiting: Buffer | undefined = undefined;
  #isTaking = false;
  #isPaused = false;
  #hasEnded = false;
  #wantsClose = false;
  #isHeadTimed = false;
  #requests = 0;
  #countedBytes = 0;
  deadlineMs = Infinity;
  deadlineSlot = -1;

  constructor(accepted: Socket, engine: Engine, readBuffer: Buffer, onClosed: (connection: ClientConnection) => void) {
    this.#engine = engine;
    this.#readBuffer = readBuffer;
    this.#body = new RequestBody(engine.options.limits.chunked, engine.options.limits.requestBodyBytes);
    const peer = new Peer(accepted.remoteAddress ?? "", accepted.localPort ?? 0, "http", engine.trusted);
    const socket = adoptClientSocket(accepted, readBuffer, (buffer, length) => {
      this.#engine.metrics.receivedBytes.add(length);
      this.#take(buffer, 0, length);
    });
    this.#socket = socket;
    this.#onClosed = onClosed;
    this.#writer = new SocketWriter(socket, engine.queue, this);
    this.#parser = new HeadParser("request", engine.options.limits.requestHead);
    this.#head = this.#parser.head;
    this.#context = new RequestContext(this.#head, peer, engine.random);
    this.#exchange = new Exchange(engine, this, this.#context, this.#head, this.#framing);
    socket.on("end", () => {
      this.#onEnd();
    });
    socket.on("drain", () => {
      this.#writer.isBlocked = false;
      this.#arm();
      this.#exchange.onClientDrained();
      if (this.#phase === Phase.head) this.#goOn();
    });
    // An error is followed by close; a client that resets its connection is nothing to report.
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#onClose();
    });
    engine.deadlines.add(this);
    this.deadlineMs = engine.deadlines.nowMs + engine.options.timeouts.requestHeadMs;
  }

  /** Whether no request is under way: it may be closed without harm. */
  get isIdle(): boolean {
    return this.#phase === Phase.head && !this.#parser.isPartial && this.#waiting === undefined;
  }

  /** Whether only the client's end is waited for. */
  get isClosing(): boolean {
    return this.#phase >= Phase.closing;
  }

  /** Brings the count of bytes sent up to date; called every tick. */
  countBytes(): void {
    if (this.#writer.bytes === this.#countedBytes) return;
    this.#engine.metrics.sentBytes.add(this.#writer.bytes - this.#countedBytes);
    this.#countedBytes = this.#writer.bytes;
  }

  get isLastRequest(): boolean {
    return (
      this.#wantsClose || this.#hasEnded || this.#engine.isDraining || this.#requests >= this.#engine.options.limits.requestsPerConnection
    );
  }

  /** Whether the rest of a body nobody wants is so short that it is read, to keep the connection. */
  get canSkipBody(): boolean {
    return this.#framing.framing === Framing.length && this.#body.leftBytes <= DISCARD_BYTES && (this.#head.present & FieldId.expect) === 0;
  }

  get minorVersion(): number {
    return this.#head.minorVersion;
  }

  get isBlocked(): boolean {
    return this.#writer.isBlocked;
  }

  get sentBytes(): number {
    return this.#writer.bytes;
  }

  /** Closes at once. What is under way is lost and counted as such. */
  destroy(failure: ProxyFailure): void {
    const isOpenEnded = this.#exchange.isOpenEnded;
    this.#exchange.abort(failure);
    this.#drop(isOpenEnded);
  }

  /** Closes an idle connection; one that is not will say so in its answer. */
  closeIfIdle(): void {
    if (this.isIdle) this.#close();
  }

  writeHead(text: string): void {
    this.#writer.text(text);
  }

  writeBody(buffer: Buffer, start: number, end: number, coding: Coding): void {
    if (coding === Coding.none || start === end) return;
    if (coding === Coding.chunked) this.#writer.chunk(buffer, start, end);
    else this.#writer.data(buffer, start, end);
  }

  endResponse(coding: Coding, trailer: MessageHead | undefined, isLast: boolean): void {
    if (coding === Coding.chunked) this.#writer.text(lastChunk(trailer));
    if (this.#phase === Phase.closed) return;
    if (isLast) {
      this.#close();
      return;
    }
    this.#phase = this.#phase === Phase.body || this.#phase === Phase.held ? Phase.discard : Phase.head;
    this.#parser.reset();
    this.#arm();
    if (!this.#isTaking) this.#goOn();
  }

  breakResponse(isOpenEnded: boolean): void {
    this.#writer.flush();
    this.#drop(isOpenEnded);
  }

  startBody(): void {
    if (this.#phase !== Phase.held) return;
    this.#phase = Phase.body;
    this.#arm();
    if (!this.#isTaking) this.#goOn();
  }

  holdBody(): void {
    if (this.#phase === Phase.body) this.#phase = Phase.held;
  }

  pause(): void {
    if (this.#isPaused || this.#phase === Phase.closed) return;
    this.#isPaused = true;
    this.#socket.pause();
    this.#arm();
  }

  resume(): void {
    if (this.#phase === Phase.closed || this.#phase === Phase.held || this.#waiting !== undefined) return;
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#arm();
    this.#socket.resume();
  }

  startTunnel(): void {
    this.#phase = Phase.tunnel;
    this.#arm();
    if (!this.#isTaking) this.#goOn();
  }

  writeTunnel(buffer: Buffer, start: number, end: number): void {
    this.#arm();
    this.#writer.data(buffer, start, end);
  }

  endTunnel(): void {
    this.#writer.flush();
    this.#socket.end();
  }

  /** A writer's call. */
  onBlocked(): void {
    this.#arm();
    this.#exchange.onClientBlocked();
  }

  onDeadline(): void {
    if (this.#writer.isBlocked) this.destroy("PROXY_CLIENT_STALLED");
    else if (this.#phase === Phase.head && this.#parser.isPartial) this.#refuse("PROXY_HEAD_TIMEOUT", undefined);
    else if (this.#phase === Phase.body) this.#exchange.fail("PROXY_BODY_TIMEOUT", undefined);
    else this.destroy("PROXY_CLIENT_STALLED");
  }

  /** Goes on with what waits, then with reading. */
  #goOn(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) this.#take(waiting, 0, waiting.length);
    if (this.#waiting === undefined) this.resume();
    if (this.#hasEnded && this.#waiting === undefined) this.#afterEnd();
  }

  #take(buffer: Buffer, start: number, end: number): void {
    this.#isTaking = true;
    let at = start;
    while (at < end) {
      switch (this.#phase) {
        case Phase.head: {
          // Who does not take answers gets no more of them, however many requests it sends.
          if (this.#writer.isBlocked) {
            this.#hold(buffer, at, end);
            at = end;
            break;
          }
          const headEnd = this.#parser.push(buffer, at, end);
          if (headEnd === NEEDS_MORE) {
            this.#arm();
            at = end;
          } else if (headEnd === FAULTY) {
            this.#refuse("PROXY_REQUEST_MALFORMED", this.#parser.fault);
            at = end;
          } else {
            at = headEnd;
            this.#begin();
          }
          break;
        }
        case Phase.body:
        case Phase.discard:
          at = this.#takeBody(buffer, at, end);
          break;
        case Phase.tunnel:
          this.#arm();
          this.#exchange.onTunnelRequest(buffer, at, end);
          at = end;
          break;
        case Phase.held:
        case Phase.answer:
          this.#hold(buffer, at, end);
          at = end;
          break;
        default:
          at = end;
      }
    }
    this.#isTaking = false;
  }

  /** Keeps bytes for later. What waited already is ours; the buffer that is read into is not. */
  #hold(buffer: Buffer, start: number, end: number): void {
    const rest = buffer.subarray(start, end);
    this.#waiting = buffer === this.#readBuffer ? Buffer.from(rest) : rest;
    this.pause();
  }

  /** The request head is there. */
  #begin(): void {
    const head = this.#head;
    const framing = this.#framing;
    this.#requests++;
    this.#wantsClose = false;
    if (!this.#target.read(head)) return this.#refuse("PROXY_REQUEST_MALFORMED", this.#target.fault);
    if (!framing.ofRequest(head)) return this.#refuse("PROXY_REQUEST_MALFORMED", framing.fault);
    if (head.method === "CONNECT") return this.#refuse("PROXY_METHOD", undefined);
    if (!this.#context.begin(this.#target)) return this.#refuse("PROXY_PATH", undefined);
    this.#wantsClose = this.#context.wantsClose;
    if (!this.#body.begin(framing)) return this.#refuse("PROXY_BODY_TOO_LARGE", undefined);
    if (this.#context.hasUnknownExpectation) return this.#refuse("PROXY_EXPECTATION", undefined);
    // A body of no bytes is whole already.
    if (this.#body.isWhole) framing.framing = Framing.none;
    this.#phase = this.#body.isWhole ? Phase.answer : Phase.held;
    this.deadlineMs = Infinity;
    this.#isHeadTimed = false;
    this.#exchange.begin();
  }

  #takeBody(buffer: Buffer, start: number, end: number): number {
    const body = this.#body;
    switch (body.step(buffer, start, end)) {
      case BodyStep.data:
        if (this.#phase === Phase.body) this.#exchange.onRequestData(buffer, body.dataStart, body.dataEnd);
        break;
      case BodyStep.tooLarge:
        this.#exchange.fail("PROXY_BODY_TOO_LARGE", undefined);
        return end;
      case BodyStep.faulty:
        this.#exchange.fail("PROXY_REQUEST_MALFORMED", body.fault);
        return end;
      case BodyStep.needsMore:
        break;
    }
    if (body.isWhole) this.#bodyEnded(body.trailer);
    else this.#arm();
    return body.next;
  }

  #bodyEnded(trailer: MessageHead | undefined): void {
    if (this.#phase === Phase.discard) {
      this.#phase = Phase.head;
      this.#arm();
      return;
    }
    if (this.#phase !== Phase.body) return;
    this.#phase = Phase.answer;
    this.deadlineMs = this.#writer.isBlocked ? this.deadlineMs : Infinity;
    this.#exchange.onRequestEnd(trailer);
  }

  #refuse(failure: ProxyFailure, detail: WireFault | undefined): void {
    this.#phase = Phase.answer;
    this.#wantsClose = true;
    this.#context.clear();
    this.#exchange.refuse(failure, detail, detail === undefined ? failures[failure].status : wireFaults[detail].status);
  }

  /** Ends our side, behind what is still to be written, and waits for the client to end its own. */
  #close(): void {
    if (this.#phase >= Phase.closing) return;
    this.#phase = Phase.closing;
    this.#waiting = undefined;
    this.#writer.flush();
    this.#socket.end(() => {
      this.deadlineMs = this.#engine.deadlines.nowMs + this.#engine.options.timeouts.lingerMs;
    });
    this.deadlineMs = this.#engine.deadlines.nowMs + this.#engine.options.timeouts.writeStallMs;
    this.#isPaused = false;
    this.#socket.resume();
  }

  /** What only the end of the connection would end is reset: a plain end would say that it was whole (RFC 9112 section 8). */
  #drop(isOpenEnded: boolean): void {
    this.#phase = Phase.closed;
    if (isOpenEnded) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  #onEnd(): void {
    this.#hasEnded = true;
    if (this.#waiting === undefined) this.#afterEnd();
  }

  /** The client has ended its side and everything it sent was used: a request that is whole still gets its answer. */
  #afterEnd(): void {
    if (this.#phase === Phase.tunnel) this.#exchange.onTunnelRequestEnd();
    else if (this.#phase === Phase.head && this.#parser.isPartial) this.#refuse("PROXY_REQUEST_MALFORMED", "WIRE_START_LINE");
    else if (this.#phase === Phase.held || this.#phase === Phase.body) this.#exchange.fail("PROXY_BODY_INCOMPLETE", undefined);
    else if (this.#phase === Phase.head || this.#phase === Phase.discard) this.#close();
  }

  #onClose(): void {
    this.#exchange.abort("PROXY_CLIENT_CLOSED");
    this.#phase = Phase.closed;
    this.#waiting = undefined;
    this.#engine.deadlines.remove(this);
    this.countBytes();
    this.#onClosed(this);
  }

  #arm(): void {
    const { timeouts } = this.#engine.options;
    const nowMs = this.#engine.deadlines.nowMs;
    if (this.#phase >= Phase.closing) return;
    if (this.#writer.isBlocked) this.deadlineMs = nowMs + timeouts.writeStallMs;
    else if (this.#phase === Phase.head && this.#parser.isPartial) {
      // Runs from the first byte: a client that sends one byte at a time does not get more.
      if (!this.#isHeadTimed) this.deadlineMs = nowMs + timeouts.requestHeadMs;
      this.#isHeadTimed = true;
    } else if (this.#phase === Phase.head) this.deadlineMs = nowMs + timeouts.clientIdleMs;
    else if (this.#phase === Phase.body || this.#phase === Phase.discard)
      this.deadlineMs = this.#isPaused ? Infinity : nowMs + timeouts.requestBodyIdleMs;
    else if (this.#phase === Phase.tunnel) this.deadlineMs = nowMs + timeouts.tunnelIdleMs;
    else this.deadlineMs = Infinity;
  }
}
