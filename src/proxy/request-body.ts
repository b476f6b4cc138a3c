import type { Duplex } from "node:stream";
import { type BodyFraming, Framing, type MessageHead } from "../wire/index.ts";
import type { BodySource } from "../route/index.ts";
import { BodyWatchers } from "./body-watchers.ts";
import type { Downstream } from "./downstream.ts";
import type { Engine } from "./engine.ts";
import { isIdempotent } from "./retry.ts";
import { type ChainOwner, StreamChain } from "./stream-chain.ts";
import type { Upstream } from "./upstream.ts";
import { WholeBody } from "./whole-body.ts";

/** Where the body goes. */
export interface RequestBodyOwner {
  /** The endpoint that gets it now; undefined when nobody does. */
  readonly endpoint: Upstream | undefined;
  onBodyFailed(error: unknown): void;
  /** Whether the client waits for somebody's word before it sends it. */
  readonly isContinueExpected: boolean;
}

const EMPTY = new Uint8Array();
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

/** What is left of a body that was sent and not kept. */
const GONE = Object.freeze({ framing: Framing.none, lengthBytes: 0 });

/** The body as it leaves the streams of filters: of a length nobody knows. */
const MADE = Object.freeze({ framing: Framing.chunked, lengthBytes: 0 });

/**
 * The body of one request after another on its way to an endpoint: as it comes, or through streams of filters. A small one of an
 * idempotent request is kept until an answer begins, so that it can be sent to another endpoint (RFC 9110 section 9.2.2).
 */
export class RequestBody implements ChainOwner, BodySource {
  readonly #engine: Engine;
  readonly #client: Downstream;
  readonly #came: BodyFraming;
  readonly #owner: RequestBodyOwner;
  #chain: StreamChain | undefined = undefined;
  #kept: Buffer[] | undefined = undefined;
  #keptBytes = 0;
  /** A filter wanted all of it before it is sent. */
  #whole: WholeBody | undefined = undefined;
  #trailer: MessageHead | undefined = undefined;
  /** Who is shown what comes. */
  readonly watchers = new BodyWatchers();
  #isUsed = false;
  /** It went with the endpoint that got it. */
  #isGone = false;
  /** Whether the client has sent all of it. */
  isWhole = false;
  /** Whether the endpoint has got all of it. */
  isSent = false;

  constructor(engine: Engine, client: Downstream, came: BodyFraming, owner: RequestBodyOwner) {
    this.#engine = engine;
    this.#client = client;
    this.#came = came;
    this.#owner = owner;
  }

  /** Forgets the body before. */
  reset(): void {
    this.isWhole = this.#came.framing === Framing.none;
    this.isSent = false;
    this.#isUsed = false;
    this.#isGone = false;
    this.#trailer = undefined;
    this.watchers.clear();
    this.cut();
  }

  /** Nobody wants any more of it. */
  cut(): void {
    this.#chain?.cut();
    this.#chain = undefined;
    this.forget();
  }

  /** Its framing on the way to the endpoint. */
  get framing(): Pick<BodyFraming, "framing" | "lengthBytes"> {
    if (this.#isGone) return GONE;
    return this.#chain === undefined ? this.#came : MADE;
  }

  whole(): Promise<Uint8Array> {
    if (this.#came.framing === Framing.none || this.#isGone) return Promise.resolve(EMPTY);
    if (this.#whole === undefined) {
      const whole = new WholeBody(this.#engine);
      this.#whole = whole;
      if (this.#came.lengthBytes > this.#engine.options.limits.wholeRequestBytes) whole.refuse();
      else this.#ask();
      return whole.promise;
    }
    return this.#whole.promise;
  }

  /** Before the first byte of a body goes on, and mostly before it comes: it is to pass these streams, if any. */
  prepare(method: string, streams: readonly Duplex[]): void {
    if (this.#isGone) return;
    const { deadlines, options } = this.#engine;
    const whole = this.#whole;
    if (whole !== undefined) showWhole(whole, this.watchers);
    if (streams.length > 0) this.#chain = new StreamChain(streams, options.timeouts.filterMs, deadlines, this);
    else if (whole === undefined && isIdempotent(method) && this.#came.lengthBytes <= options.limits.keptRequestBytes) this.#kept = [];
  }

  /** An endpoint got some of it, or all: no other does. What still comes is thrown away. */
  drop(): void {
    this.cut();
    this.#isGone = true;
  }

  /** It can not be sent again from here on. */
  forget(): void {
    this.#whole?.free();
    this.#whole = undefined;
    this.#kept = undefined;
    this.#keptBytes = 0;
  }

  /** Whether some of it is used up and can not be sent again. */
  get isUsedUp(): boolean {
    return this.#isUsed && this.#kept === undefined && this.#whole === undefined;
  }

  /** The head is out to an endpoint: what is kept follows, then what comes. */
  send(endpoint: Upstream): void {
    if (this.#isGone) {
      this.isSent = true;
      endpoint.endRequest(undefined);
      return;
    }
    const { pieces } = this.#whole ?? { pieces: this.#kept ?? [] };
    const chain = this.#chain;
    for (const piece of pieces) {
      if (chain === undefined) endpoint.writeBody(piece, 0, piece.length);
      else chain.write(piece, 0, piece.length);
    }
    if (!this.isWhole) {
      this.#client.startBody();
      return;
    }
    if (chain !== undefined) {
      this.forget();
      chain.end();
      return;
    }
    this.isSent = true;
    endpoint.endRequest(this.#trailer);
  }

  take(buffer: Buffer, start: number, end: number): void {
    this.#isUsed = true;
    if (this.#whole?.isComing === true) {
      this.#whole.take(buffer, start, end);
      return;
    }
    this.watchers.take(buffer, start, end);
    if (this.#chain !== undefined) {
      this.#chain.write(buffer, start, end);
      if (this.#chain.isBlocked) this.#client.pause();
      return;
    }
    const { endpoint } = this.#owner;
    if (endpoint === undefined || this.#isGone) return;
    if (this.#kept !== undefined) this.#keep(this.#kept, buffer, start, end);
    endpoint.writeBody(buffer, start, end);
    if (endpoint.isBlocked) this.#client.pause();
  }

  /** The client has sent all of it. */
  end(trailer: MessageHead | undefined): void {
    this.isWhole = true;
    this.#isUsed = true;
    if (this.#whole?.isComing === true) {
      this.#trailer = trailer?.copy();
      this.#whole.end();
      return;
    }
    this.watchers.end();
    if (this.#kept !== undefined || this.#chain !== undefined) this.#trailer = trailer?.copy();
    if (this.#chain !== undefined) this.#chain.end();
    else this.#endAt(trailer);
  }

  /** The endpoint takes no more for now, and then does again. */
  onEndpointBlocked(): void {
    if (this.#chain === undefined) this.#client.pause();
    else this.#chain.pause();
  }

  onEndpointDrained(): void {
    if (this.#chain === undefined) this.#client.resume();
    else this.#chain.resume();
  }

  onChainData(chunk: Buffer): void {
    const { endpoint } = this.#owner;
    endpoint?.writeBody(chunk, 0, chunk.length);
    if (endpoint?.isBlocked === true) this.#chain?.pause();
  }

  onChainDrained(): void {
    this.#client.resume();
  }

  onChainEnd(): void {
    this.#endAt(this.#trailer);
  }

  onChainFailed(error: unknown): void {
    this.#owner.onBodyFailed(error);
  }

  #endAt(trailer: MessageHead | undefined): void {
    const { endpoint } = this.#owner;
    if (endpoint === undefined || this.#isGone) return;
    this.isSent = true;
    endpoint.endRequest(trailer);
  }

  /** No endpoint will ask the client to go on before all of it is here. */
  #ask(): void {
    const client = this.#client;
    if (this.#owner.isContinueExpected && client.takesInterim) client.writeInterim(CONTINUE);
    client.startBody();
  }

  #keep(kept: Buffer[], buffer: Buffer, start: number, end: number): void {
    this.#keptBytes += end - start;
    if (this.#keptBytes > this.#engine.options.limits.keptRequestBytes) this.forget();
    else kept.push(Buffer.from(buffer.subarray(start, end)));
  }
}

function showWhole({ pieces }: WholeBody, watchers: BodyWatchers): void {
  for (const piece of pieces) watchers.take(piece, 0, piece.length);
  watchers.end();
}
