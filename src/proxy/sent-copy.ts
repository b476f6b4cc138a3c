import type { EndpointState } from "../balance/index.ts";
import { Framing } from "../wire/index.ts";
import type { CopyUnderWay } from "./copy-source.ts";
import type { Deadlined, Deadlines } from "./deadlines.ts";
import type { ProxyFailure } from "./failure.ts";
import type { ProxyOptions } from "./options.ts";
import type { CopyOutcome } from "./proxy-metrics.ts";
import { isContentOdd } from "./sendable.ts";
import type { ResponseReceiver, Upstream } from "./upstream.ts";
import type { Upstreams } from "./upstreams.ts";

/** What a copy uses of its proxy. */
export interface SentCopyEngine {
  readonly options: ProxyOptions;
  readonly deadlines: Deadlines;
  readonly upstreams: Pick<Upstreams, "acquire">;
}

/** What a copy says. */
export interface CopyMessage {
  readonly method: string;
  readonly text: string;
  readonly body: Buffer | undefined;
}

/** One copy at its endpoint. */
export class SentCopy implements CopyUnderWay, ResponseReceiver, Deadlined {
  readonly #engine: SentCopyEngine;
  readonly #endpoint: EndpointState;
  readonly #message: CopyMessage;
  readonly #onEnd: (outcome: CopyOutcome) => void;
  #upstream: Upstream | undefined = undefined;
  #hasEnded = false;
  deadlineMs = Infinity;
  deadlineSlot = -1;

  constructor(engine: SentCopyEngine, endpoint: EndpointState, message: CopyMessage, onEnd: (outcome: CopyOutcome) => void) {
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
