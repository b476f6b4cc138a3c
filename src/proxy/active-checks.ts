import type { Socket } from "node:net";
import { connect } from "node:net";
import type { EndpointState } from "../balance/index.ts";
import type { Clock } from "../kernel/index.ts";
import type { MetricsRegistry } from "../telemetry/index.ts";
import type { RoutingState } from "./routing-state.ts";
import { connectFailureOf } from "./upstream-socket.ts";

/** How endpoints are checked while nobody vouches for them. */
export interface ActiveCheckOptions {
  /**
   * Path of a GET that must be answered with 2xx or 3xx; empty, or where TLS or a PROXY header comes first: a connection is enough. Where HTTP/2 is spoken
   * without TLS, SETTINGS are.
   */
  readonly path: string;
  /** From one round through all endpoints to the next; a round takes longer where the rate says so. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Checks a second, of this process. */
  readonly rate: number;
  readonly concurrency: number;
  /** Failures in a row after which an endpoint is left alone, until a check or a request succeeds. */
  readonly failures: number;
}

export const defaultActiveCheckOptions: ActiveCheckOptions = Object.freeze({
  path: "",
  intervalMs: 5_000,
  timeoutMs: 1_000,
  rate: 50,
  concurrency: 16,
  failures: 2,
});

/** Of an answer to a check no more than its status line is of use. */
const STATUS_LINE = /^HTTP\/1\.[01] ([23])\d\d[ \r]/;
const ANSWER_BYTES = 1_024;

interface CheckDeps {
  readonly clock: Clock;
  readonly metrics: MetricsRegistry;
  /** A check has made an endpoint one to be left alone. */
  readonly onEjected: () => void;
}

/**
 * Looks after endpoints as long as the control plane does not: pods that go are not taken from their pools then. Off while the table is
 * live, and what checks have found is forgotten when it is again. `tick` drives everything.
 */
export class ActiveChecks {
  readonly #options: ActiveCheckOptions;
  readonly #routing: RoutingState;
  readonly #deps: CheckDeps;
  readonly #running = new Set<() => void>();
  readonly #passed: { add(): void };
  readonly #failed: { add(): void };
  readonly #on: { set(value: number): void };
  readonly #failing: { set(value: number): void };
  #isOn = false;
  #round: EndpointState[] = [];
  #roundMs = -Infinity;
  #tickMs = 0;
  #tokens = 0;

  constructor(options: ActiveCheckOptions, routing: RoutingState, deps: CheckDeps) {
    this.#options = options;
    this.#routing = routing;
    this.#deps = deps;
    const checks = deps.metrics.counter(
      "holdfast_proxy_active_checks_total",
      "Checks of endpoints while the table is not live, by result.",
      ["result"],
    );
    this.#passed = checks.with("passed");
    this.#failed = checks.with("failed");
    this.#on = deps.metrics
      .gauge("holdfast_proxy_active_checks_on", "Workers that check endpoints because their table is not live.")
      .with();
    this.#failing = deps.metrics
      .gauge("holdfast_proxy_endpoints_failing_checks", "Endpoints whose last check failed, added up over workers.")
      .with();
  }

  /** Starts what is due. Called often. */
  tick(nowMs: number): void {
    const { knowledge, hasTable } = this.#routing;
    if (!hasTable || knowledge === "live") {
      if (this.#isOn) this.stop();
      return;
    }
    const { rate, concurrency, intervalMs } = this.#options;
    if (!this.#isOn) {
      this.#isOn = true;
      this.#on.set(1);
      this.#tickMs = nowMs;
    }
    this.#tokens = Math.min(concurrency, this.#tokens + ((nowMs - this.#tickMs) * rate) / 1_000);
    this.#tickMs = nowMs;
    if (this.#round.length === 0 && nowMs - this.#roundMs >= intervalMs) this.#begin(nowMs);
    while (this.#tokens >= 1 && this.#running.size < concurrency) {
      const endpoint = this.#round.pop();
      if (endpoint === undefined) return;
      if (endpoint.isRemoved) continue;
      this.#tokens--;
      this.#check(endpoint);
    }
  }

  /** Ends all checks and forgets what they found. Idempotent. */
  stop(): void {
    this.#isOn = false;
    this.#on.set(0);
    this.#failing.set(0);
    this.#round = [];
    this.#roundMs = -Infinity;
    for (const cancel of this.#running) cancel();
    for (const endpoint of this.#routing.endpoints()) endpoint.forgetChecks();
  }

  #begin(nowMs: number): void {
    this.#roundMs = nowMs;
    this.#round = [...this.#routing.endpoints()];
    this.#failing.set(this.#round.filter(({ isFailingChecks }) => isFailingChecks).length);
  }

  #check(endpoint: EndpointState): void {
    const { path, timeoutMs } = this.#options;
    const { clock } = this.#deps;
    const socket = connect({ host: endpoint.host, port: endpoint.port, noDelay: true });
    const end = (result: "passed" | "failed" | "unknown"): void => {
      if (!this.#running.delete(cancel)) return;
      timer.cancel();
      socket.destroy();
      if (result !== "unknown") this.#conclude(endpoint, result === "passed");
    };
    const cancel = (): void => end("unknown");
    const timer = clock.timer(timeoutMs, () => end("failed"));
    this.#running.add(cancel);
    socket.on("error", (error: NodeJS.ErrnoException) => {
      // This machine's own limits say nothing about the endpoint.
      end(connectFailureOf(error.code ?? "") === "PROXY_LOCAL_LIMIT" ? "unknown" : "failed");
    });
    socket.on("connect", () => {
      if (endpoint.isTls || endpoint.takesHeader || (path === "" && !endpoint.isHttp2)) end("passed");
      else if (endpoint.isHttp2) greet(socket, end);
      else ask(socket, endpoint, path, end);
    });
    socket.on("close", () => end("failed"));
  }

  #conclude(endpoint: EndpointState, hasPassed: boolean): void {
    (hasPassed ? this.#passed : this.#failed).add();
    // Until it is found to be well again: that is what checks are for.
    if (endpoint.checked(hasPassed, this.#deps.clock.monoMs(), this.#options.failures, Infinity)) this.#deps.onEjected();
  }
}

/** Sends the request of a check, and ends it with what the status line says. */
function ask(socket: Socket, endpoint: EndpointState, path: string, end: (result: "passed" | "failed") => void): void {
  let answer = "";
  socket.on("data", (data) => {
    answer += data.toString("latin1");
    if (STATUS_LINE.test(answer)) end("passed");
    else if (answer.includes("\n") || answer.length > ANSWER_BYTES) end("failed");
  });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${endpoint.authority}\r\nUser-Agent: holdfast-check\r\nConnection: close\r\n\r\n`);
}

/** The preface of a client with empty SETTINGS (RFC 9113 section 3.4), and the type that a server's first frame has. */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", "latin1");
const FRAME_HEAD_BYTES = 9;
const SETTINGS = 4;

/** Begins to speak HTTP/2, and ends the check with whether the endpoint does too. */
function greet(socket: Socket, end: (result: "passed" | "failed") => void): void {
  let answer = Buffer.alloc(0);
  socket.on("data", (data: Buffer) => {
    answer = Buffer.concat([answer, data]);
    if (answer.length >= FRAME_HEAD_BYTES) end(answer[3] === SETTINGS && answer.readUInt32BE(5) === 0 ? "passed" : "failed");
  });
  socket.write(PREFACE);
}
