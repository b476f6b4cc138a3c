import { MetricsRegistry } from "../telemetry/index.ts";
import { BodyFraming, type Framing, HeadParser, RequestTarget } from "../wire/index.ts";
import { CopyContext } from "./copy-context.ts";
import type { Deadlined } from "./deadlines.ts";
import type { Downstream } from "./downstream.ts";
import type { Engine } from "./engine.ts";
import { Exchange } from "./exchange.ts";
import { type CopyOutcome, ProxyMetrics } from "./proxy-metrics.ts";
import type { CopyUnderWay, LoopCopy } from "./copy-source.ts";
import { RetryBudget } from "./retry.ts";
import { fieldsText, isSendable } from "./sendable.ts";

/** What answers of our own have when nobody could be asked. */
const FAILED = /^HTTP\/1\.1 50[234] /;

/** How copies go through the routes of this engine: with metrics of their own that nobody reads, without log and spans, and at no cost of retries. */
export function loopCopies(engine: Engine): LoopCopy {
  let quiet: Engine | undefined;
  return (copy, source, body, onEnd) => {
    quiet ??= quietEngine(engine);
    const parser = new HeadParser("request", engine.options.limits.requestHead);
    const { head } = parser;
    const framing = new BodyFraming();
    const target = new RequestTarget();
    const text = headText(copy, source, body);
    const bytes = text === undefined ? undefined : Buffer.from(text, "latin1");
    if (bytes === undefined || parser.push(bytes, 0, bytes.length) !== bytes.length) return undefined;
    const context = new CopyContext([head, framing, source.peer, quiet], copy, source);
    if (!target.read(head) || !framing.ofRequest(head) || !context.begin(target)) return undefined;
    return new LoopedCopy(quiet, { context, head, framing, body }, onEnd);
  };
}

function quietEngine(engine: Engine): Engine {
  const metrics = new ProxyMetrics(new MetricsRegistry(), false);
  return { ...engine, metrics, budget: new RetryBudget(0, 0), accessLog: undefined, traces: undefined };
}

/** The head that a client would send, with the Host that this one asked for: hosts match that. Undefined when it can not be sent. */
function headText(
  { path, query, fields }: Parameters<LoopCopy>[0],
  { method, authority }: Parameters<LoopCopy>[1],
  body: Buffer | undefined,
): string | undefined {
  const lines = fieldsText(fields.filter((_, at) => (fields[at - (at % 2)] as string).toLowerCase() !== "host"));
  if (lines === undefined || !isSendable(method, path)) return undefined;
  const host = authority === "" ? "" : `Host: ${authority}\r\n`;
  const length = body === undefined ? "" : `Content-Length: ${body.length}\r\n`;
  return `${method} ${path}${query === "" ? "" : `?${query}`} HTTP/1.${authority === "" ? 0 : 1}\r\n${host}${lines}${length}\r\n`;
}

/** A copy that goes through the routes as a client's request does; nobody is there to get the answer. */
class LoopedCopy implements CopyUnderWay, Downstream, Deadlined {
  readonly #engine: Engine;
  readonly #exchange: Exchange;
  readonly #onEnd: (outcome: CopyOutcome) => void;
  #body: Buffer | undefined;
  #hasEnded = false;
  #hasFailed = false;
  readonly canSkipBody = true;
  readonly takesInterim = false;
  readonly isBlocked = false;
  deadlineMs = Infinity;
  deadlineSlot = -1;

  constructor(
    engine: Engine,
    {
      context,
      head,
      framing,
      body,
    }: {
      readonly context: CopyContext;
      readonly head: HeadParser["head"];
      readonly framing: BodyFraming;
      readonly body: Buffer | undefined;
    },
    onEnd: (outcome: CopyOutcome) => void,
  ) {
    this.#engine = engine;
    this.#exchange = new Exchange(engine, this, context, head, framing);
    this.#onEnd = onEnd;
    this.#body = body;
  }

  begin(): void {
    const { deadlines, options } = this.#engine;
    this.deadlineMs = deadlines.nowMs + options.timeouts.copyMs;
    deadlines.add(this);
    this.#exchange.begin();
  }

  end(outcome: CopyOutcome): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#engine.deadlines.remove(this);
    this.#exchange.abort("PROXY_CLIENT_CLOSED");
    this.#onEnd(outcome);
  }

  onDeadline(): void {
    this.end("late");
  }

  startBody(): void {
    const body = this.#body;
    if (body === undefined) return;
    this.#body = undefined;
    this.#exchange.onRequestData(body, 0, body.length);
    this.#exchange.onRequestEnd(undefined);
  }

  startResponse(text: string, _framing: Framing, _isFinal: boolean): void {
    this.#hasFailed = FAILED.test(text);
  }

  endResponse(): void {
    this.end(this.#hasFailed ? "failed" : "answered");
  }

  breakResponse(): void {
    this.end("failed");
  }

  // It has no Upgrade.
  startTunnel(): void {
    this.end("failed");
  }

  // What it is answered is nobody's concern.
  writeInterim(): void {}
  writeBody(): void {}
  holdBody(): void {}
  pause(): void {}
  resume(): void {}
  writeTunnel(): void {}
  endTunnel(): void {}
}
