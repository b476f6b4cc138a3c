import { type BodyFraming, FieldId, Framing, type MessageHead, type WireFault } from "../wire/index.ts";
import { dateLine } from "./date-field.ts";
import { BodyWatchers } from "./body-watchers.ts";
import type { Downstream } from "./downstream.ts";
import type { Engine } from "./engine.ts";
import type { ExchangeRecord } from "./exchange-record.ts";
import type { ProxyFailure } from "./failure.ts";
import { FilterHold, type HoldOwner } from "./filter-hold.ts";
import { responseDropped, responseHeadText } from "./message-heads.ts";
import { writeOwnAnswer } from "./own-answer.ts";
import type { RequestContext } from "./request-context.ts";
import type { FilterOutcome, RoutedRequest } from "./routed-request.ts";
import { type ChainOwner, StreamChain } from "./stream-chain.ts";

/** What an answer asks of its exchange. */
export interface AnswerOwner {
  /**
   * The head goes out now. Returns whether the client's connection can not go on behind the answer. `isOwn`: no endpoint takes the rest
   * of the request's body.
   */
  onAnswerBegin(isOwn: boolean): boolean;
  pauseEndpoint(): void;
  resumeEndpoint(): void;
  /** Nothing more of the endpoint's response is wanted. */
  dropEndpoint(): void;
  onAnswerEnd(trailer: MessageHead | undefined): void;
  /** A filter wants another answer in place of this one. */
  onFallback(): void;
  fail(failure: ProxyFailure, detail: WireFault | undefined): void;
}

/**
 * The way of one answer after another to the client: that of an endpoint or one of ours, past the filters, which may hold it up, give
 * it another body or send its body through streams. What no filter touches goes straight through.
 */
export class Answer implements HoldOwner, ChainOwner {
  readonly #engine: Engine;
  readonly #client: Downstream;
  readonly #context: RequestContext;
  readonly #routed: RoutedRequest;
  readonly #record: ExchangeRecord;
  readonly #owner: AnswerOwner;
  /** The hold, the chain or somebody who watches is there, or the body is not for the client. */
  #isDetoured = false;
  /** Whether anything below is other than at first. */
  #wasDetoured = false;
  #hold: FilterHold | undefined = undefined;
  #chain: StreamChain | undefined = undefined;
  #isOwn = false;
  /** Whether the endpoint said when its answer was made. */
  #isDated = false;
  #framing: Framing = Framing.none;
  /** What came during the hold; undefined when nothing did. */
  #held: Buffer[] | undefined = undefined;
  #heldBytes = 0;
  readonly #watchers = new BodyWatchers();
  /** Whether the endpoint's response is there to its end. */
  #isWhole = false;
  #trailer: MessageHead | undefined = undefined;
  /** Whether something of it went to the client. */
  hasBegun = false;

  constructor(
    engine: Engine,
    client: Downstream,
    context: RequestContext,
    routed: RoutedRequest,
    record: ExchangeRecord,
    owner: AnswerOwner,
  ) {
    this.#engine = engine;
    this.#client = client;
    this.#context = context;
    this.#routed = routed;
    this.#record = record;
    this.#owner = owner;
  }

  /** Forgets the answer before. */
  reset(): void {
    this.hasBegun = false;
    if (!this.#wasDetoured) return;
    this.#wasDetoured = false;
    this.#isDetoured = false;
    this.cut();
    this.#held = undefined;
    this.#heldBytes = 0;
    this.#watchers.clear();
    this.#isWhole = false;
    this.#trailer = undefined;
  }

  /** Whether a filter is waited for. */
  get isHeld(): boolean {
    return this.#hold !== undefined;
  }

  /** No filter is heard any more. Idempotent. */
  cut(): void {
    this.#hold?.cancel();
    this.#hold = undefined;
    this.#chain?.cut();
    this.#chain = undefined;
    this.#watchers.cut();
  }

  /** Starts on an endpoint's answer. */
  begin(head: MessageHead, framing: BodyFraming): void {
    this.#isDated = (head.present & FieldId.date) !== 0;
    if (!this.#routed.isFiltered) {
      this.#record.status = head.status;
      this.#start(responseHeadText(head, responseDropped(head, framing.framing, this.#context.method)), framing.framing);
      return;
    }
    this.#isOwn = false;
    this.#framing = framing.framing;
    this.#filtered(this.#routed.filterAnswer(head, framing));
  }

  /** Starts on the answer in the context. */
  beginOwn(): void {
    this.#isOwn = true;
    this.#filtered(this.#routed.filterOwnAnswer());
  }

  /** The endpoint's body; `buffer` is reused when the call returns. */
  onData(buffer: Buffer, start: number, end: number): void {
    if (!this.#isDetoured) {
      this.#record.responseBytes += end - start;
      this.#client.writeBody(buffer, start, end);
      return;
    }
    if (this.#hold !== undefined) {
      (this.#held ??= []).push(Buffer.from(buffer.subarray(start, end)));
      this.#heldBytes += end - start;
      if (this.#heldBytes >= this.#engine.options.limits.heldResponseBytes) this.#owner.pauseEndpoint();
      return;
    }
    this.#watchers.take(buffer, start, end);
    if (this.#chain !== undefined) {
      this.#chain.write(buffer, start, end);
      if (this.#chain.isBlocked) this.#owner.pauseEndpoint();
    } else if (!this.#watchers.isNone) {
      this.#record.responseBytes += end - start;
      this.#client.writeBody(buffer, start, end);
    }
  }

  /** The endpoint's answer is whole. */
  onEnd(trailer: MessageHead | undefined): void {
    if (this.#chain === undefined && this.#hold === undefined) {
      this.#end(trailer);
      return;
    }
    this.#isWhole = true;
    this.#trailer = trailer?.copy();
    this.#chain?.end();
  }

  onClientBlocked(): void {
    if (!this.hasBegun) return;
    if (this.#chain === undefined) this.#owner.pauseEndpoint();
    else this.#chain.pause();
  }

  onClientDrained(): void {
    // The endpoint may have given all that is held.
    if (this.#hold !== undefined) return;
    if (this.#chain === undefined) this.#owner.resumeEndpoint();
    else this.#chain.resume();
  }

  onFilterDone(next: number): void {
    this.#hold = undefined;
    this.#record.trace?.waited("");
    this.#filtered(this.#routed.goOnAnswer(next));
  }

  onFilterFailed(failure: ProxyFailure, thrown: unknown): void {
    // A filter that is late may still be at work on the context: the exchange sees `isHeld`.
    if (failure !== "PROXY_FILTER_TIMEOUT") this.#hold = undefined;
    this.#owner.fail(this.#routed.failed(failure, thrown), undefined);
  }

  onChainData(chunk: Buffer): void {
    this.#record.responseBytes += chunk.length;
    this.#client.writeBody(chunk, 0, chunk.length);
    if (this.#client.isBlocked) this.#chain?.pause();
  }

  onChainDrained(): void {
    this.#owner.resumeEndpoint();
  }

  onChainEnd(): void {
    this.#end(this.#trailer);
  }

  onChainFailed(error: unknown): void {
    this.#owner.fail(this.#routed.failed("PROXY_FILTER_BODY", error), undefined);
  }

  #filtered(outcome: FilterOutcome): void {
    if (outcome === undefined) {
      if (this.#isOwn || this.#context.replacedBody !== undefined) this.#sendOwn();
      else this.#sendEndpoints();
    } else if (outcome === "fallback") {
      this.#owner.onFallback();
    } else if (typeof outcome === "string") {
      this.#owner.fail(outcome, undefined);
    } else {
      this.#detour();
      this.#hold = new FilterHold(outcome, this.#engine, this);
      this.#record.trace?.waiting(outcome.filter);
    }
  }

  #sendEndpoints(): void {
    const { status } = this.#routed;
    const isMade = this.#context.responseTransforms.length > 0;
    const text = this.#routed.answerHead(this.#framing, isMade);
    if (text === undefined) {
      this.#owner.fail("PROXY_FILTER", undefined);
      return;
    }
    this.#record.status = status;
    const isBodiless = status === 204 || status === 304 || this.#context.method === "HEAD";
    if (isBodiless) {
      this.#held = undefined;
      this.#detour();
      this.#start(text, Framing.none);
      if (this.#isWhole) this.#end(undefined);
      else this.#owner.resumeEndpoint();
      return;
    }
    if (isMade) this.#makeChain();
    this.#watch();
    this.#start(text, isMade ? Framing.chunked : this.#framing);
    this.#release();
  }

  /** What was held goes on its way. */
  #release(): void {
    const held = this.#held;
    this.#held = undefined;
    this.#isDetoured = this.#chain !== undefined || !this.#watchers.isNone;
    for (const piece of held ?? []) this.onData(piece, 0, piece.length);
    if (this.#isWhole) {
      if (this.#chain === undefined) this.#end(this.#trailer);
      else this.#chain.end();
    } else if (held !== undefined && !this.#client.isBlocked && this.#chain?.isBlocked !== true) {
      this.#owner.resumeEndpoint();
    }
  }

  /** An answer whose body is in the context. */
  #sendOwn(): void {
    const { method, replacedBody, responseBody } = this.#context;
    const { status } = this.#routed;
    const fields = this.#routed.answerFields();
    if (fields === undefined) {
      this.#owner.fail("PROXY_FILTER", undefined);
      return;
    }
    const { buffer, byteOffset, byteLength } = replacedBody ?? responseBody;
    const body = Buffer.from(buffer, byteOffset, byteLength);
    this.#owner.dropEndpoint();
    this.#record.status = status;
    const isStreamed = this.#context.responseTransforms.length > 0;
    const hasBody = status !== 204 && status !== 304 && method !== "HEAD";
    this.#watch();
    if (hasBody) this.#watchers.take(body, 0, body.length);
    this.hasBegun = true;
    const wallMs = this.#engine.clock.wallMs();
    const isFinal = this.#owner.onAnswerBegin(true);
    const written = writeOwnAnswer(this.#client, { status, fields, body, isStreamed }, method, wallMs, isFinal);
    if (!isStreamed || !hasBody) {
      this.#record.responseBytes = written;
      this.#end(undefined);
      return;
    }
    this.#isWhole = true;
    const chain = this.#makeChain();
    chain.write(body, 0, body.length);
    chain.end();
  }

  /** Whoever watches has seen all of it. */
  #end(trailer: MessageHead | undefined): void {
    this.#watchers.end();
    this.#owner.onAnswerEnd(trailer);
  }

  /** From here on the body is shown to who asked for it, and is copied. */
  #watch(): void {
    const { responseWatchers, wishesSet } = this.#context;
    const copies = wishesSet?.responseCopies;
    if (responseWatchers.length === 0 && copies === undefined) return;
    this.#watchers.add(responseWatchers);
    if (copies !== undefined) this.#watchers.add([this.#engine.copies.hold(copies, { ...this.#context.copySource, method: "POST" }, true)]);
    this.#detour();
  }

  #makeChain(): StreamChain {
    const { deadlines, options } = this.#engine;
    this.#detour();
    this.#chain = new StreamChain(this.#context.responseTransforms, options.timeouts.filterMs, deadlines, this);
    return this.#chain;
  }

  #detour(): void {
    this.#isDetoured = true;
    this.#wasDetoured = true;
  }

  #start(text: string, framing: Framing): void {
    this.hasBegun = true;
    // RFC 9110 section 6.6.1: who has a clock adds the time to a response that has none.
    const date = this.#isDated || (this.#routed.isFiltered && /^date:/im.test(text)) ? "" : dateLine(this.#engine.clock.wallMs());
    this.#client.startResponse(text + date, framing, this.#owner.onAnswerBegin(false));
    if (this.#client.isBlocked) this.onClientBlocked();
  }
}
