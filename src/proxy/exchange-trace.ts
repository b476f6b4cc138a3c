import type { CompiledRoute, Filter, RequestSpan } from "../route/index.ts";
import { type Traces, formatTraceparent, parseTraceparent } from "../tracing/index.ts";
import { FieldId, type MessageHead } from "../wire/index.ts";
import type { Engine } from "./engine.ts";
import type { RequestContext } from "./request-context.ts";

/** Other methods a client may make up without end (semantic conventions: `_OTHER`). */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"]);

/** Characters of what requests say in an attribute: thousands of spans may wait for a collector. */
const VALUE_LIMIT = 1_024;

/**
 * The spans of one exchange after another: one of the request, one of each filter that is waited for, and one of each endpoint that it is
 * sent to, which gets the context of its own (W3C Trace Context). A trusted proxy's decision to record or not stands; what others send is replaced when a trace begins here.
 */
export class ExchangeTrace implements RequestSpan {
  readonly #engine: Engine;
  readonly #traces: Traces;
  readonly #context: RequestContext;
  readonly #head: MessageHead;
  #isRecording = false;
  #traceId = "";
  #parentId = "";
  #spanId = "";
  #startedMs = 0;
  #wallMs = 0;
  #path = "";
  #method = "";
  /** The attempt that is under way; empty when none is. */
  #attemptId = "";
  #attempts = 0;
  #attemptedMs = 0;
  #attemptStatus = 0;
  #endpoint = "";
  /** Of the filter that is waited for; empty when there is none. */
  #waitId = "";
  #waitName = "";
  #waitedMs = 0;
  /** What filters say of the request. */
  #said: Record<string, string> | undefined = undefined;
  endpointSpanName = "";

  constructor(engine: Engine, traces: Traces, context: RequestContext, head: MessageHead) {
    this.#engine = engine;
    this.#traces = traces;
    this.#context = context;
    this.#head = head;
  }

  /** Empty when the request is not recorded. */
  get traceId(): string {
    return this.#isRecording ? this.#traceId : "";
  }

  setAttribute(name: string, value: string): void {
    (this.#said ??= {})[name] = bounded(value);
  }

  /** The request in the context begins. */
  begin(): void {
    const context = this.#context;
    context.span = undefined;
    const { random, deadlines, clock } = this.#engine;
    const received = context.peer.isTrusted ? onlyValueOf(this.#head, "traceparent") : undefined;
    const parent = received === undefined ? undefined : parseTraceparent(received);
    this.#isRecording = parent === undefined ? random.next() < this.#traces.ratio : parent.isSampled;
    if (!this.#isRecording) return;
    this.#traceId = parent?.traceId ?? this.#newId() + this.#newId();
    this.#parentId = parent?.spanId ?? "";
    this.#spanId = this.#newId();
    this.#attemptId = "";
    this.#attempts = 0;
    this.#waitId = "";
    this.#said = undefined;
    this.endpointSpanName = "";
    context.span = this;
    this.#startedMs = deadlines.nowMs;
    this.#wallMs = clock.wallMs();
    this.#path = context.path;
    this.#method = METHODS.has(context.method) ? context.method : "_OTHER";
  }

  /** The exchange waits for this filter. */
  waiting(filter: Filter): void {
    if (!this.#isRecording) return;
    this.#waitId = this.#newId();
    this.#waitName = this.#engine.filterNames?.of(filter) ?? "";
    this.#waitedMs = this.#engine.deadlines.refresh();
  }

  /** The filter is done, or has failed. */
  waited(failure: string): void {
    if (this.#waitId === "") return;
    this.#engine.deadlines.refresh();
    this.#endWait(failure);
  }

  /** The request is to go to this endpoint. */
  attempt(endpoint: string): void {
    if (!this.#isRecording) return;
    this.#endAttempt("");
    this.#attemptId = this.#newId();
    this.#attemptStatus = 0;
    this.#attempts++;
    this.#endpoint = endpoint;
    this.#attemptedMs = this.#engine.deadlines.refresh();
    this.#context.setField(
      "request",
      "traceparent",
      formatTraceparent({ traceId: this.#traceId, spanId: this.#attemptId, isSampled: true }),
    );
    // It is about the trace that the client spoke of.
    if (this.#parentId === "") this.#context.dropField("request", "tracestate");
  }

  /** The endpoint has answered. */
  answered(status: number): void {
    this.#attemptStatus = status;
  }

  /** The endpoint was lost. */
  lost(failure: string): void {
    if (this.#isRecording) this.#endAttempt(failure);
  }

  end(status: number, route: CompiledRoute | undefined, failure: string): void {
    if (!this.#isRecording) return;
    this.#endWait(failure);
    this.#endAttempt(failure);
    this.#isRecording = false;
    const context = this.#context;
    context.span = undefined;
    const head = this.#head;
    const userAgent = head.valueOf(FieldId.userAgent) ?? "";
    this.#traces.sink.add({
      traceId: this.#traceId,
      spanId: this.#spanId,
      parentId: this.#parentId,
      name: nameOf(this.#method),
      kind: "server",
      startMs: this.#wallMs,
      endMs: this.#wallAt(this.#engine.deadlines.nowMs),
      hasFailed: status >= 500,
      attributes: {
        "http.request.method": this.#method,
        "url.scheme": context.scheme,
        "url.path": bounded(this.#path),
        "server.address": bounded(context.host),
        "client.address": context.clientAddress,
        "network.protocol.version": context.peer.isHttp2 ? "2" : `1.${head.minorVersion}`,
        "http.response.status_code": status,
        ...(userAgent === "" ? {} : { "user_agent.original": bounded(userAgent) }),
        ...(route === undefined ? {} : { "holdfast.route": route.id }),
        ...errorType(failure, status >= 500 ? status : 0),
        ...this.#said,
      },
    });
  }

  #endWait(failure: string): void {
    if (this.#waitId === "") return;
    this.#traces.sink.add({
      traceId: this.#traceId,
      spanId: this.#waitId,
      parentId: this.#spanId,
      name: this.#waitName === "" ? "filter" : this.#waitName,
      kind: "internal",
      startMs: this.#wallAt(this.#waitedMs),
      endMs: this.#wallAt(this.#engine.deadlines.nowMs),
      hasFailed: failure !== "",
      attributes: errorType(failure, 0),
    });
    this.#waitId = "";
  }

  #endAttempt(failure: string): void {
    if (this.#attemptId === "") return;
    const status = this.#attemptStatus;
    const colon = this.#endpoint.lastIndexOf(":");
    this.#traces.sink.add({
      traceId: this.#traceId,
      spanId: this.#attemptId,
      parentId: this.#spanId,
      name: this.endpointSpanName === "" ? nameOf(this.#method) : this.endpointSpanName,
      kind: "client",
      startMs: this.#wallAt(this.#attemptedMs),
      endMs: this.#wallAt(this.#engine.deadlines.nowMs),
      hasFailed: failure !== "" || status >= 400,
      attributes: {
        "http.request.method": this.#method,
        "server.address": this.#endpoint.slice(0, colon),
        "server.port": Number(this.#endpoint.slice(colon + 1)),
        ...(status === 0 ? {} : { "http.response.status_code": status }),
        ...(this.#attempts < 2 ? {} : { "http.request.resend_count": this.#attempts - 1 }),
        ...errorType(failure, status >= 400 ? status : 0),
      },
    });
    this.#attemptId = "";
  }

  #wallAt(monoMs: number): number {
    return this.#wallMs + monoMs - this.#startedMs;
  }

  /** 16 hexadecimal digits, not all 0. */
  #newId(): string {
    const { random } = this.#engine;
    const digits = (): string =>
      Math.floor(random.next() * 2 ** 32)
        .toString(16)
        .padStart(8, "0");
    const id = digits() + digits();
    return /[^0]/.test(id) ? id : "0000000000000001";
  }
}

/** Value of the one field with this name, in lower case, as it came; undefined when there is none, or more than one. */
function onlyValueOf(head: MessageHead, lower: string): string | undefined {
  let value: string | undefined;
  for (let index = 0; index < head.fieldCount; index++) {
    if (!head.isNamed(index, lower)) continue;
    if (value !== undefined) return undefined;
    value = head.valueAt(index);
  }
  return value;
}

function errorType(failure: string, status: number): Readonly<Record<string, string>> {
  if (failure !== "") return { "error.type": failure };
  return status === 0 ? {} : { "error.type": String(status) };
}

/** Semantic conventions for HTTP, section "Name". */
function nameOf(method: string): string {
  return method === "_OTHER" ? "HTTP" : method;
}

function bounded(text: string): string {
  // A slice alone would keep the whole text in memory.
  return text.length <= VALUE_LIMIT ? text : Buffer.from(text.slice(0, VALUE_LIMIT)).toString();
}
