import type { EndpointState } from "../balance/index.ts";
import type { BodyWatcher, RequestCopy } from "../route/index.ts";
import { Framing } from "../wire/index.ts";
import type { Deadlined, Deadlines } from "./deadlines.ts";
import type { ProxyFailure } from "./failure.ts";
import type { ProxyOptions } from "./options.ts";
import type { Peer } from "./peer.ts";
import type { CopyOutcome, ProxyMetrics } from "./proxy-metrics.ts";
import type { RoutingState } from "./routing-state.ts";
import { fieldsText, isContentOdd, isSendable } from "./sendable.ts";
import type { ResponseReceiver, Upstream } from "./upstream.ts";
import type { Upstreams } from "./upstreams.ts";

/** What copies use of their proxy. */
interface CopiesEngine {
  readonly options: ProxyOptions;
  readonly metrics: ProxyMetrics;
  readonly deadlines: Deadlines;
  readonly routing: Pick<RoutingState, "dynamic">;
  readonly upstreams: Pick<Upstreams, "acquire">;
}

/** What copies are made of. */
export interface CopySource {
  readonly method: string;
  /** Whose request it is, to which host, and what proxies say of the way it took. */
  readonly authority: string;
  readonly peer: Peer;
  readonly forwardedFor: string | undefined;
  /** Copies that went through the routes so far, of one request and of its copies. */
  readonly looped: { count: number };
}

/** A copy that somebody works on. It calls back once, when it has ended. */
export interface CopyUnderWay {
  begin(): void;
  end(outcome: CopyOutcome): void;
}

/** Makes a copy that goes through the routes; undefined when it can not be sent. */
export type LoopCopy = (
  copy: RequestCopy & { readonly label: string },
  source: CopySource,
  body: Buffer | undefined,
  onEnd: (outcome: CopyOutcome) => void,
) => CopyUnderWay | undefined;

/**
 * Copies of requests on their way to shadows. They have nothing to do with the exchange they are copies of: what one costs is bounded,
 * and what is over the bound is not sent, but counted.
 */
export class RequestCopies {
  readonly #engine: CopiesEngine;
  readonly #sent = new Set<CopyUnderWay>();
  #loop: LoopCopy | undefined = undefined;
  #bodyBytes = 0;

  constructor(engine: CopiesEngine) {
    this.#engine = engine;
  }

  /** From here on copies can go through the routes. */
  bind(loop: LoopCopy): void {
    this.#loop = loop;
  }

  /** Sends copies that have no body. */
  send(copies: readonly RequestCopy[], source: CopySource): void {
    for (const copy of copies) this.#send(copy, source, undefined);
  }

  /** Copies whose body is still to come. `needsBody`: without a byte of it they are not sent. */
  hold(copies: readonly RequestCopy[], source: CopySource, needsBody = false): BodyWatcher {
    return new HeldCopies(this, copies, source, needsBody);
  }

  /** Takes room for a body; false when there is none. */
  takeRoom(bytes: number): boolean {
    if (this.#bodyBytes + bytes > this.#engine.options.limits.copiedBodiesBytes) return false;
    this.#bodyBytes += bytes;
    return true;
  }

  freeRoom(bytes: number): void {
    this.#bodyBytes -= bytes;
  }

  get bodyLimit(): number {
    return this.#engine.options.limits.copiedBodyBytes;
  }

  count(outcome: CopyOutcome, copies: number): void {
    this.#engine.metrics.copies[outcome].add(copies);
  }

  /** Sends copies of a request with its body. The room of the body is given back when all of them have ended. */
  sendWhole(copies: readonly RequestCopy[], source: CopySource, body: Buffer): void {
    let left = copies.length;
    const onEnd = (): void => {
      if (--left === 0) this.freeRoom(body.length);
    };
    for (const copy of copies) this.#send(copy, source, body, onEnd);
  }

  close(): void {
    for (const copy of this.#sent) copy.end("failed");
  }

  #send(copy: RequestCopy, source: CopySource, body: Buffer | undefined, onEnd?: () => void): void {
    const made = this.#make(copy, source, body, (outcome) => {
      if (typeof made !== "string") this.#sent.delete(made);
      this.count(outcome, 1);
      onEnd?.();
    });
    if (typeof made === "string") {
      this.count(made, 1);
      onEnd?.();
      return;
    }
    this.#sent.add(made);
    made.begin();
  }

  /** What is to be begun, or why there is nothing. */
  #make(
    copy: RequestCopy,
    source: CopySource,
    body: Buffer | undefined,
    onEnd: (outcome: CopyOutcome) => void,
  ): CopyUnderWay | CopyOutcome {
    const { limits } = this.#engine.options;
    if (this.#sent.size >= limits.copies) return "busy";
    if ("label" in copy.to) {
      if (source.looped.count >= limits.loopbacks) return "circle";
      source.looped.count++;
      return this.#loop?.({ ...copy, label: copy.to.label }, source, body, onEnd) ?? "failed";
    }
    const endpoint = this.#engine.routing.dynamic.endpoint(copy.to.address);
    if (endpoint === undefined) return "busy";
    const { method } = source;
    const text = copyText(copy, method, body);
    return text === undefined ? "failed" : new SentCopy(this.#engine, endpoint, { method, text, body }, onEnd);
  }
}

/** Undefined when it can not be sent. */
function copyText({ path, query, fields }: RequestCopy, method: string, body: Buffer | undefined): string | undefined {
  const lines = fieldsText(fields);
  if (lines === undefined || !isSendable(method, path)) return undefined;
  const length = body === undefined ? "" : `Content-Length: ${body.length}\r\n`;
  return `${method} ${path}${query === "" ? "" : `?${query}`} HTTP/1.1\r\n${lines}${length}\r\n`;
}

/** Copies that wait for their body. */
class HeldCopies implements BodyWatcher {
  readonly #all: RequestCopies;
  readonly #copies: readonly RequestCopy[];
  readonly #source: CopySource;
  readonly #needsBody: boolean;
  #pieces: Buffer[] | undefined = [];
  #bytes = 0;

  constructor(all: RequestCopies, copies: readonly RequestCopy[], source: CopySource, needsBody: boolean) {
    this.#all = all;
    this.#copies = copies;
    this.#source = source;
    this.#needsBody = needsBody;
  }

  take(bytes: Buffer): void {
    if (this.#pieces === undefined) return;
    if (this.#bytes + bytes.length > this.#all.bodyLimit) this.#drop("large");
    else if (!this.#all.takeRoom(bytes.length)) this.#drop("busy");
    else {
      this.#bytes += bytes.length;
      this.#pieces.push(Buffer.from(bytes));
    }
  }

  end(): void {
    const pieces = this.#pieces;
    if (pieces === undefined) return;
    this.#pieces = undefined;
    if (this.#bytes > 0 || !this.#needsBody) this.#all.sendWhole(this.#copies, this.#source, Buffer.concat(pieces));
  }

  cut(): void {
    if (this.#pieces !== undefined) this.#drop("incomplete");
  }

  #drop(outcome: CopyOutcome): void {
    this.#pieces = undefined;
    this.#all.freeRoom(this.#bytes);
    this.#all.count(outcome, this.#copies.length);
  }
}

interface Message {
  readonly method: string;
  readonly text: string;
  readonly body: Buffer | undefined;
}

/** One copy at its endpoint. */
class SentCopy implements CopyUnderWay, ResponseReceiver, Deadlined {
  readonly #engine: CopiesEngine;
  readonly #endpoint: EndpointState;
  readonly #message: Message;
  readonly #onEnd: (outcome: CopyOutcome) => void;
  #upstream: Upstream | undefined = undefined;
  #hasEnded = false;
  deadlineMs = Infinity;
  deadlineSlot = -1;

  constructor(engine: CopiesEngine, endpoint: EndpointState, message: Message, onEnd: (outcome: CopyOutcome) => void) {
    this.#engine = engine;
    this.#endpoint = endpoint;
    this.#message = message;
    this.#onEnd = onEnd;
  }

  begin(): void {
    const { deadlines, options } = this.#engine;
    this.#endpoint.begin();
    this.deadlineMs = deadlines.nowMs + options.timeouts.copyMs;
    deadlines.add(this);
    // Nobody waits for it: a shadow that is down is asked as seldom as any endpoint that is.
    if (this.#endpoint.unreachableUntilMs > deadlines.nowMs) this.end("failed");
    else this.#connect(false);
  }

  end(outcome: CopyOutcome): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#engine.deadlines.remove(this);
    this.#endpoint.end();
    const upstream = this.#upstream;
    this.#upstream = undefined;
    upstream?.destroy();
    this.#onEnd(outcome);
  }

  onDeadline(): void {
    this.end("late");
  }

  onConnected(): void {
    const upstream = this.#upstream;
    if (upstream === undefined) return;
    const { method, text, body } = this.#message;
    const framing = body === undefined || body.length === 0 ? Framing.none : Framing.length;
    upstream.begin(method, text, framing, isContentOdd(method, framing));
    if (body !== undefined && body.length > 0) upstream.writeBody(body, 0, body.length);
    upstream.endRequest(undefined);
  }

  onResponseEnd(): void {
    this.#upstream = undefined;
    this.end("answered");
  }

  onLost(failure: ProxyFailure): void {
    const upstream = this.#upstream;
    this.#upstream = undefined;
    if (upstream?.wasReused === true && !upstream.hasAnswered) {
      this.#connect(true);
      return;
    }
    const { deadlines, options } = this.#engine;
    if (failure.startsWith("PROXY_CONNECT_")) this.#endpoint.connectFailed(deadlines.nowMs, options.balancer.ejection);
    this.end("failed");
  }

  onUpgraded(): void {
    this.end("failed");
  }

  // What it answers is nobody's concern.
  onInterim(): void {}
  onResponseHead(): void {}
  onResponseData(): void {}
  onTunnelData(): void {}
  onTunnelEnd(): void {}
  onRequestBlocked(): void {}
  onRequestDrained(): void {}

  #connect(isNew: boolean): void {
    const upstream = this.#engine.upstreams.acquire(this.#endpoint, isNew);
    this.#upstream = upstream;
    upstream.assign(this);
    if (upstream.isConnected) this.onConnected();
  }
}
