import { Agent, request as sendRequest, type IncomingMessage } from "node:http";
import type { Clock } from "../../kernel/index.ts";
import { LAB_FORWARDED_AT_HEADER, LAB_PHASE_HEADER, LAB_TARGET_HEADER } from "../alb/index.ts";
import type { LoadHostConfig } from "./config.ts";

/** The largest body that is looked at; a larger one is a bad body. */
const BODY_LIMIT_BYTES = 65_536;

/**
 * How a request can fail: an answer other than 200 (`status`), no connection (`refused`), a connection that died before
 * the answer was whole (`reset`), no whole answer in time (`timeout`), another application's answer, a body that is not
 * the application's (`bad-body`), never sent because too many were unanswered (`not-sent`), no address or port left on
 * this machine and other errors of the generator's own host (`local`).
 */
export type FailureClass = "status" | "refused" | "reset" | "timeout" | "wrong-application" | "bad-body" | "not-sent" | "local";

/** How one request ended. */
export interface Outcome {
  /** Undefined when right. */
  readonly failure: FailureClass | undefined;
  /** Of the answer's head; undefined when none came. */
  readonly status: number | undefined;
  /** What the load balancer says of it: who got it, when, and for its own answers how far it had come. */
  readonly target: string | undefined;
  readonly forwardedAtMs: number | undefined;
  readonly phase: string | undefined;
  /** It was sent twice: the reused connection died before any byte of the answer. */
  readonly isRetried: boolean;
}

export interface AttemptOptions {
  /** `http://127.20.2.1:8080` */
  readonly url: string;
  readonly host: LoadHostConfig;
  readonly agent: Agent;
  readonly timeoutMs: number;
  readonly retryOnReset: boolean;
  readonly clock: Clock;
}

/** Sends one GET and calls `done` once, when the answer is whole or has failed. */
export function attempt(options: AttemptOptions, done: (outcome: Outcome) => void): void {
  const { hostname, port } = new URL(options.url);
  let isDone = false;
  let isRetried = false;
  let current = send(options.agent);
  const timer = options.clock.timer(options.timeoutMs, () => {
    finish("timeout", current.head);
    current.request.destroy();
  });

  function finish(failure: FailureClass | undefined, head: IncomingMessage | undefined): void {
    if (isDone) return;
    isDone = true;
    timer.cancel();
    const forwardedAt = Number(head?.headers[LAB_FORWARDED_AT_HEADER]);
    done({
      failure,
      status: head?.statusCode,
      target: textOf(head, LAB_TARGET_HEADER),
      forwardedAtMs: Number.isFinite(forwardedAt) ? forwardedAt : undefined,
      phase: textOf(head, LAB_PHASE_HEADER),
      isRetried,
    });
  }

  function send(agent: Agent | false): { readonly request: ReturnType<typeof sendRequest>; head: IncomingMessage | undefined } {
    const request = sendRequest({
      host: hostname,
      port: port === "" ? 80 : Number(port),
      path: options.host.path,
      headers: { host: options.host.host, "user-agent": "holdfast-load" },
      agent,
    });
    const sent: { readonly request: typeof request; head: IncomingMessage | undefined } = { request, head: undefined };
    request.on("response", (answer) => {
      sent.head = answer;
      readBody(answer, (body) => finish(body === undefined ? "bad-body" : judge(answer, body, options.host.application), answer));
      answer.on("error", () => finish("reset", answer));
    });
    request.on("error", (error: NodeJS.ErrnoException) => {
      if (isDone) return;
      const failure = classOf(error, request.reusedSocket);
      if (failure === "reset" && options.retryOnReset && !isRetried && request.reusedSocket && sent.head === undefined) {
        isRetried = true;
        current = send(false);
        return;
      }
      finish(failure, sent.head);
    });
    request.end();
    return sent;
  }
}

function readBody(answer: IncomingMessage, done: (body: string | undefined) => void): void {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  answer.on("data", (chunk: Buffer) => {
    sizeBytes += chunk.length;
    if (sizeBytes <= BODY_LIMIT_BYTES) {
      chunks.push(chunk);
      return;
    }
    done(undefined);
    answer.destroy();
  });
  answer.on("end", () => {
    if (answer.complete) done(Buffer.concat(chunks).toString("utf8"));
  });
}

/** Right is: 200, `X-App` names the application, and so does the body's `application`. */
function judge(answer: IncomingMessage, body: string, application: string): FailureClass | undefined {
  if (answer.statusCode !== 200) return "status";
  const claimed = textOf(answer, "x-app");
  if (claimed !== undefined && claimed !== application) return "wrong-application";
  const named = applicationIn(body);
  if (named === undefined || claimed === undefined) return "bad-body";
  return named === application ? undefined : "wrong-application";
}

function applicationIn(body: string): string | undefined {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value !== "object" || value === null || !("application" in value)) return undefined;
    return typeof value.application === "string" ? value.application : undefined;
  } catch {
    return undefined;
  }
}

function classOf(error: NodeJS.ErrnoException, isReused: boolean): FailureClass {
  switch (error.code ?? "") {
    case "ECONNREFUSED":
      return "refused";
    case "ETIMEDOUT":
      return "timeout";
    case "ECONNRESET":
    case "EPIPE":
      return "reset";
    default:
      // A parse error is an answer that is no HTTP; everything else on a fresh connection is this machine's own.
      if (error.code?.startsWith("HPE_") === true) return "bad-body";
      return isReused ? "reset" : "local";
  }
}

function textOf(head: IncomingMessage | undefined, name: string): string | undefined {
  const value = head?.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
