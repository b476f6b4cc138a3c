import type { Agent } from "undici";
import { type Caller, createCaller } from "../call/index.ts";
import { AppError, type Clock, type Random, type Timer, messageOf } from "../kernel/index.ts";
import type { Cell, Log, MetricsRegistry } from "../telemetry/index.ts";
import { encodeSpans } from "./otlp.ts";
import type { Span, SpanSink } from "./span.ts";

/** Where spans go. */
export interface TraceOptions {
  /** http or https, with its path. */
  readonly url: string;
  /** Sent with each export, for example what proves who we are. */
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  /** Share of the traces that begin here which are recorded, 0 to 1. */
  readonly ratio: number;
}

export interface ExporterDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: MetricsRegistry;
}

/** Spans that may wait, and those sent at once, as OpenTelemetry's batch processor has them by default. */
const QUEUE_SPANS = 2_048;
const BATCH_SPANS = 512;
const EVERY_MS = 5_000;
const EXPORT_MS = 10_000;
const ANSWER_BYTES = 65_536;

/** Sends spans to a collector as OTLP/HTTP, some together, one export at a time. What a slow collector leaves no room for is dropped and counted. */
export class SpanExporter implements SpanSink {
  readonly #options: TraceOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #caller: Caller;
  readonly #exported: Cell;
  readonly #dropped: Readonly<Record<"queue" | "export", Cell>>;
  readonly #resource: Readonly<Record<string, string>>;
  #queue: Span[] = [];
  #timer: Timer | undefined = undefined;
  #exporting: Promise<void> | undefined = undefined;
  #agent: Promise<Agent> | undefined = undefined;
  /** Whether the last batch was not taken. */
  #isRefused = false;

  constructor(options: TraceOptions, deps: ExporterDeps) {
    this.#options = options;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#caller = createCaller({ name: "traces", attempts: 3 }, deps);
    this.#resource = { "service.name": options.serviceName };
    this.#exported = deps.metrics.counter("holdfast_trace_spans_exported_total", "Spans that the collector took.").with();
    const dropped = deps.metrics.counter("holdfast_trace_spans_dropped_total", "Spans dropped, by cause.", ["cause"]);
    this.#dropped = { queue: dropped.with("queue"), export: dropped.with("export") };
  }

  add(span: Span): void {
    if (this.#queue.length >= QUEUE_SPANS) {
      this.#dropped.queue.add();
      return;
    }
    this.#queue.push(span);
    if (this.#queue.length >= BATCH_SPANS) this.#export();
    else this.#timer ??= this.#clock.timer(EVERY_MS, () => this.#export());
  }

  /** Sends what waits, and is done when that is, or after this time. */
  async close(timeoutMs: number): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = this.#clock.timer(timeoutMs, late.resolve);
    await Promise.race([this.#drain(), late.promise]);
    timer.cancel();
    await (await this.#agent)?.destroy();
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0 || this.#exporting !== undefined) {
      this.#export();
      await this.#exporting;
    }
  }

  #export(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#exporting !== undefined || this.#queue.length === 0) return;
    const batch = this.#queue.splice(0, BATCH_SPANS);
    this.#exporting = this.#send(batch).then(() => {
      this.#exporting = undefined;
      if (this.#queue.length >= BATCH_SPANS) this.#export();
      else if (this.#queue.length > 0) this.#timer ??= this.#clock.timer(EVERY_MS, () => this.#export());
    });
  }

  async #send(batch: readonly Span[]): Promise<void> {
    const body = encodeSpans(batch, this.#resource);
    try {
      await this.#caller.call({ name: "export", timeoutMs: EXPORT_MS, idempotent: true }, ({ signal }) => this.#post(body, signal));
      this.#exported.add(batch.length);
      if (this.#isRefused) this.#log.info({}, "spans are taken by the collector again");
      this.#isRefused = false;
    } catch (thrown) {
      this.#dropped.export.add(batch.length);
      // Told once: a collector may be away for a day. How many it costs is counted.
      if (!this.#isRefused) this.#log.warn({ problem: messageOf(thrown) }, "spans are not taken by the collector");
      this.#isRefused = true;
    }
  }

  async #post(body: string, signal: AbortSignal): Promise<void> {
    const { url, headers } = this.#options;
    const { origin, pathname, search } = new URL(url);
    // Loaded with the first span: workers that record none need none of it.
    this.#agent ??= import("undici").then(({ Agent }) => new Agent({ allowH2: false, connections: 1, headersTimeout: 0, bodyTimeout: 0 }));
    const agent = await this.#agent;
    let status: number;
    try {
      const answer = await agent.request({
        origin,
        path: `${pathname}${search}`,
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body,
        signal,
      });
      status = answer.statusCode;
      await answer.body.dump({ limit: ANSWER_BYTES, signal });
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      throw new AppError("TRACING_UNREACHABLE", `${origin}: ${messageOf(thrown)}`, { retry: "idempotent", cause: thrown });
    }
    if (status >= 200 && status < 300) return;
    const isPassing = status === 429 || (status >= 502 && status <= 504);
    throw new AppError("TRACING_REFUSED", `${origin} answered ${status}`, { retry: isPassing ? "idempotent" : "never" });
  }
}
