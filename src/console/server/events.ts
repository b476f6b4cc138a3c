import type { ServerResponse } from "node:http";
import { type Clock, type Timer, messageOf } from "../../kernel/index.ts";
import type { Log } from "../../telemetry/index.ts";
import type { ConsoleFrame } from "../contract.ts";

/** Open pages at once; one more is told to come back. */
export const STREAMS_LIMIT = 32;
/** A reader that is this far behind misses frames until it has caught up; each is whole, so it loses nothing. */
const BEHIND_LIMIT_BYTES = 512 * 1024;

/**
 * Sends the newest frame to every open stream, every `intervalMs`, and takes none while nobody looks. A frame that
 * cannot be taken is told as an event `problem`, so that the page shows the old one greyed rather than nothing.
 */
export class EventStreams {
  readonly #open = new Set<ServerResponse>();
  #timer: Timer | null = null;
  readonly #takeFrame: () => ConsoleFrame;
  readonly #intervalMs: number;
  readonly #deps: { readonly clock: Clock; readonly log: Log };

  constructor(takeFrame: () => ConsoleFrame, intervalMs: number, deps: { readonly clock: Clock; readonly log: Log }) {
    this.#takeFrame = takeFrame;
    this.#intervalMs = intervalMs;
    this.#deps = deps;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Takes over a response whose head is not yet written. */
  add(response: ServerResponse): void {
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" });
    response.write("retry: 1000\n\n");
    this.#open.add(response);
    response.on("close", () => this.#open.delete(response));
    response.write(this.#event());
    this.#timer ??= this.#deps.clock.timer(this.#intervalMs, () => this.#tick());
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
    for (const response of this.#open) response.end();
    this.#open.clear();
  }

  #tick(): void {
    this.#timer = null;
    if (this.#open.size === 0) return;
    const event = this.#event();
    for (const response of this.#open) {
      if (response.writableLength < BEHIND_LIMIT_BYTES) response.write(event);
    }
    this.#timer = this.#deps.clock.timer(this.#intervalMs, () => this.#tick());
  }

  #event(): string {
    try {
      return `event: frame\ndata: ${JSON.stringify(this.#takeFrame())}\n\n`;
    } catch (thrown) {
      this.#deps.log.warn({ problem: messageOf(thrown) }, "console frame not taken");
      return `event: problem\ndata: ${JSON.stringify({ message: messageOf(thrown) })}\n\n`;
    }
  }
}
