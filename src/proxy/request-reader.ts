import { BodyFraming, FAULTY, HeadParser, type MessageHead, NEEDS_MORE, type WireFault } from "../wire/index.ts";
import { BodyReader, BodyStep } from "./body-reader.ts";
import type { ProxyFailure } from "./failure.ts";
import type { ProxyLimits } from "./options.ts";

/**
 * head: between requests or in a request head. held: the body is there, the endpoint is not. body: the body is forwarded.
 * answer: the request is whole, its answer is not. discard: the answer is out, the rest of a short body is thrown away.
 * tunnel: another protocol. closing: what still comes is thrown away.
 */
export const ReadPhase = { head: 0, held: 1, body: 2, answer: 3, discard: 4, tunnel: 5, closing: 6 } as const;
export type ReadPhase = (typeof ReadPhase)[keyof typeof ReadPhase];

/** Who the requests are for. */
export interface RequestReceiver {
  /** Whether the client takes no more answers: it gets no more requests read either. */
  readonly isBlocked: boolean;
  /** A head is there; the phase is `head` until it is told what follows. */
  onRequestHead(): void;
  /** `buffer` is reused when the call returns. */
  onRequestData(buffer: Buffer, start: number, end: number): void;
  onRequestEnd(trailer: MessageHead | undefined): void;
  onTunnelRequest(buffer: Buffer, start: number, end: number): void;
  /** The bytes can not be a request, or not one that is served. */
  onRequestFault(failure: ProxyFailure, detail: WireFault | undefined): void;
  /** Bytes came and more are needed. */
  onRequestProgress(): void;
  /** Bytes came that can not be used yet: no more should. */
  pause(): void;
}

/** Reads one request after another off a client's bytes, and keeps those that come before they can be used. */
export class RequestReader {
  readonly #receiver: RequestReceiver;
  readonly #parser: HeadParser;
  readonly #body: BodyReader;
  readonly #readBuffer: Buffer;
  /** Bytes of a body without an endpoint, or of the next request. */
  #waiting: Buffer | undefined = undefined;
  readonly head: MessageHead;
  readonly framing = new BodyFraming();
  phase: ReadPhase = ReadPhase.head;
  /** Whether bytes are being taken: who changes the phase then need not go on with those that wait. */
  isTaking = false;

  constructor(limits: ProxyLimits, readBuffer: Buffer, receiver: RequestReceiver) {
    this.#receiver = receiver;
    this.#readBuffer = readBuffer;
    this.#parser = new HeadParser("request", limits.requestHead);
    this.head = this.#parser.head;
    this.#body = new BodyReader(limits.chunked, limits.requestBodyBytes);
  }

  /** Whether no request is under way. */
  get isIdle(): boolean {
    return this.phase === ReadPhase.head && !this.#parser.isPartial && this.#waiting === undefined;
  }

  /** Whether part of a head is there. */
  get isInHead(): boolean {
    return this.phase === ReadPhase.head && this.#parser.isPartial;
  }

  get hasWaiting(): boolean {
    return this.#waiting !== undefined;
  }

  /** Bytes of the body still to come, where its length is known. */
  get leftBytes(): number {
    return this.#body.leftBytes;
  }

  /** Goes from a head, whose framing is decided, to its body. False when the body is over its limit. */
  beginBody(): boolean {
    if (!this.#body.begin(this.framing)) return false;
    this.phase = this.#body.isWhole ? ReadPhase.answer : ReadPhase.held;
    return true;
  }

  /** The answer is out: the rest of the body is thrown away, or the next head may come. */
  endAnswer(): void {
    this.phase = this.phase === ReadPhase.body || this.phase === ReadPhase.held ? ReadPhase.discard : ReadPhase.head;
    this.#parser.reset();
  }

  /** Nothing is wanted any more. */
  close(): void {
    this.phase = ReadPhase.closing;
    this.#waiting = undefined;
  }

  takeWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) this.take(waiting, 0, waiting.length);
  }

  take(buffer: Buffer, start: number, end: number): void {
    this.isTaking = true;
    let at = start;
    while (at < end) {
      switch (this.phase) {
        case ReadPhase.head:
          at = this.#takeHead(buffer, at, end);
          break;
        case ReadPhase.body:
        case ReadPhase.discard:
          at = this.#takeBody(buffer, at, end);
          break;
        case ReadPhase.tunnel:
          this.#receiver.onTunnelRequest(buffer, at, end);
          at = end;
          break;
        case ReadPhase.held:
        case ReadPhase.answer:
          this.#hold(buffer, at, end);
          at = end;
          break;
        case ReadPhase.closing:
          at = end;
      }
    }
    this.isTaking = false;
  }

  #takeHead(buffer: Buffer, start: number, end: number): number {
    if (this.#receiver.isBlocked) {
      this.#hold(buffer, start, end);
      return end;
    }
    const headEnd = this.#parser.push(buffer, start, end);
    if (headEnd === NEEDS_MORE) {
      this.#receiver.onRequestProgress();
      return end;
    }
    if (headEnd === FAULTY) {
      this.#receiver.onRequestFault("PROXY_REQUEST_MALFORMED", this.#parser.fault);
      return end;
    }
    this.#receiver.onRequestHead();
    return headEnd;
  }

  #takeBody(buffer: Buffer, start: number, end: number): number {
    const body = this.#body;
    switch (body.step(buffer, start, end)) {
      case BodyStep.data:
        if (this.phase === ReadPhase.body) this.#receiver.onRequestData(buffer, body.dataStart, body.dataEnd);
        break;
      case BodyStep.tooLarge:
        this.#receiver.onRequestFault("PROXY_BODY_TOO_LARGE", undefined);
        return end;
      case BodyStep.faulty:
        this.#receiver.onRequestFault("PROXY_REQUEST_MALFORMED", body.fault);
        return end;
      case BodyStep.needsMore:
        break;
    }
    if (body.isWhole) this.#endBody(body.trailer);
    else this.#receiver.onRequestProgress();
    return body.next;
  }

  #endBody(trailer: MessageHead | undefined): void {
    if (this.phase === ReadPhase.discard) {
      this.phase = ReadPhase.head;
      this.#receiver.onRequestProgress();
    } else if (this.phase === ReadPhase.body) {
      this.phase = ReadPhase.answer;
      this.#receiver.onRequestEnd(trailer);
    }
  }

  /** What waited already is ours; the buffer that is read into is not. */
  #hold(buffer: Buffer, start: number, end: number): void {
    const rest = buffer.subarray(start, end);
    this.#waiting = buffer === this.#readBuffer ? Buffer.from(rest) : rest;
    this.#receiver.pause();
  }
}
