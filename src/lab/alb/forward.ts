import { type ClientRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { Clock } from "../../kernel/index.ts";
import type { Accounting, FailurePhase } from "./accounting.ts";
import { LAB_FORWARDED_AT_HEADER, LAB_PHASE_HEADER, LAB_TARGET_HEADER, responseHead } from "./headers.ts";
import { whenIdleConnectionsAreChecked } from "./idle-connections.ts";
import { sendOwnAnswer } from "./own-answer.ts";
import type { Exchange, Target } from "./target.ts";

/** "502: the target response is malformed or its headers exceed 32 K" (page "Troubleshoot your Application Load Balancers"). */
const RESPONSE_HEAD_LIMIT_BYTES = 32_768;

export interface ForwardOptions {
  readonly target: Target;
  /** Name, value, name, value… */
  readonly head: readonly string[];
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly clock: Clock;
  readonly accounting: Accounting;
}

/**
 * Sends one request to one target, once: AWS documents no retry. It counts as in flight from here on, and fails on a
 * connection that the target closes only when the two really crossed.
 */
export function forward(request: IncomingMessage, response: ServerResponse, options: ForwardOptions): void {
  const exchange = new ForwardedRequest(request, response, options);
  whenIdleConnectionsAreChecked(options.target.agent, () => exchange.send());
}

class ForwardedRequest {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #options: ForwardOptions;
  readonly #exchange: Exchange;
  #upstream: ClientRequest | undefined;
  #phase: FailurePhase = "dial";
  #isOver = false;

  constructor(request: IncomingMessage, response: ServerResponse, options: ForwardOptions) {
    this.#request = request;
    this.#response = response;
    this.#options = options;
    this.#exchange = {
      forwardedAtMs: options.clock.wallMs(),
      endedAtMs: Number.POSITIVE_INFINITY,
      expire: () => this.#fail("deregistration-delay", 502),
    };
    options.target.begin(this.#exchange);
    response.on("close", () => {
      if (!response.writableFinished) this.#clientLeft();
    });
  }

  send(): void {
    if (this.#isOver) return;
    const { target, head, connectTimeoutMs, idleTimeoutMs, clock } = this.#options;
    const upstream = target.request({
      method: this.#request.method ?? "GET",
      path: this.#request.url ?? "/",
      headers: head,
      agent: target.agent,
      setHost: false,
      maxHeaderSize: RESPONSE_HEAD_LIMIT_BYTES,
    });
    this.#upstream = upstream;
    upstream.on("socket", (socket) => {
      if (!socket.connecting) {
        this.#phase = "send";
        return;
      }
      const timer = clock.timer(connectTimeoutMs, () => this.#fail("connect-timeout", 504));
      socket.once("connect", () => {
        timer.cancel();
        this.#phase = "send";
      });
      socket.once("close", () => timer.cancel());
    });
    upstream.on("finish", () => {
      if (this.#phase === "send") this.#phase = "head";
    });
    upstream.setTimeout(idleTimeoutMs, () => this.#fail("idle-timeout", 504));
    upstream.on("response", (answer) => this.#relay(answer));
    upstream.on("error", (error: NodeJS.ErrnoException) => {
      // A connect that fails with RESET had opened: the target's kernel took it and its process died before it was accepted.
      // (A RST that answers the SYN is ECONNREFUSED.)
      if (this.#phase === "dial" && error.code === "ECONNRESET") this.#phase = "send";
      this.#fail(error.code ?? "error", 502);
    });
    this.#request.pipe(upstream);
  }

  #relay(answer: IncomingMessage): void {
    const { target, accounting, clock } = this.#options;
    this.#phase = "body";
    const status = answer.statusCode ?? 502;
    const head = responseHead(answer);
    head.push(LAB_TARGET_HEADER, target.key, LAB_FORWARDED_AT_HEADER, String(this.#exchange.forwardedAtMs));
    this.#response.sendDate = false;
    this.#response.writeHead(status, answer.statusMessage, head);
    // Without a byte of body the head would wait for it: a slow body must not look like a slow head.
    this.#response.flushHeaders();
    answer.on("error", (error: NodeJS.ErrnoException) => this.#fail(error.code ?? "error", 502));
    answer.on("end", () => {
      if (!answer.complete) return;
      this.#isOver = true;
      if (target.end(this.#exchange, String(status), clock.wallMs())) accounting.countTarget(status);
    });
    answer.pipe(this.#response);
  }

  /** The target gave no whole answer: says so with `status`, or cuts the connection when the head has gone out. */
  #fail(reason: string, status: 502 | 504): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { target, accounting, clock } = this.#options;
    const nowMs = clock.wallMs();
    const isCut = this.#response.headersSent;
    accounting.addFailure({
      atMs: nowMs,
      forwardedAtMs: this.#exchange.forwardedAtMs,
      target: target.key,
      phase: this.#phase,
      code: isCut ? 0 : status,
      reason,
      inFlightAtTarget: target.inFlight,
    });
    target.end(this.#exchange, "error", nowMs);
    if (isCut) {
      accounting.cutAnswers += 1;
      this.#response.destroy();
    } else {
      accounting.countOwn(status);
      sendOwnAnswer(this.#response, status, [
        [LAB_TARGET_HEADER, target.key],
        [LAB_FORWARDED_AT_HEADER, String(this.#exchange.forwardedAtMs)],
        [LAB_PHASE_HEADER, this.#phase],
      ]);
    }
    this.#upstream?.destroy();
  }

  #clientLeft(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { target, accounting, clock } = this.#options;
    target.end(this.#exchange, "client-left", clock.wallMs());
    accounting.countOwn(460);
    this.#upstream?.destroy();
  }
}
