import type { BodyWatcher, RequestCopy } from "../route/index.ts";
import type { CopySource, CopyUnderWay, LoopCopy } from "./copy-source.ts";
import { type CopyKeeper, HeldCopies } from "./held-copies.ts";
import type { CopyOutcome, ProxyMetrics } from "./proxy-metrics.ts";
import type { RoutingState } from "./routing-state.ts";
import { fieldsText, isSendable } from "./sendable.ts";
import { SentCopy, type SentCopyEngine } from "./sent-copy.ts";

/** What copies use of their proxy. */
interface CopiesEngine extends SentCopyEngine {
  readonly metrics: ProxyMetrics;
  readonly routing: Pick<RoutingState, "dynamic">;
}

/**
 * Copies of requests on their way to shadows. They have nothing to do with the exchange they are copies of: what one costs is bounded,
 * and what is over the bound is not sent, but counted.
 */
export class RequestCopies implements CopyKeeper {
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
