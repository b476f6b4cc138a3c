import { AppError, type Clock } from "../kernel/index.ts";
import { abortReason } from "../call/index.ts";
import type { CertificateSource } from "./certificate-source.ts";
import { type ConnectionOptions, createConnections } from "./connections.ts";
import { connectionError } from "./errors.ts";

export interface TransportOptions extends Omit<ConnectionOptions, "origin"> {
  /** `https://host:port`, a path below it is put before every request's. */
  readonly server: string;
  readonly certificates: Pick<CertificateSource, "certificate">;
  /** Throws when nothing may be written now. */
  readonly guard?: () => void;
}

export interface TransportRequest {
  readonly method: string;
  /** Path and query, from the root of the server. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Time until the answer's head is there, connect included. */
  readonly headTimeoutMs: number;
  /** Longest silence within the body. */
  readonly bodySilenceTimeoutMs: number;
  readonly signal?: AbortSignal;
}

/** An answer whose head has arrived. `body` must be read to its end or `cancel` called, else its connection is lost to others. */
export interface TransportAnswer {
  readonly status: number;
  header(name: string): string | undefined;
  /** Throws KUBE_TRUNCATED, KUBE_TIMEOUT_BODY, or the reason of the request's signal. */
  readonly body: AsyncIterable<Buffer>;
  cancel(): void;
}

/** HTTP/1.1 to one API server. */
export interface Transport {
  send(request: TransportRequest): Promise<TransportAnswer>;
  /** Breaks off everything under way. */
  close(): Promise<void>;
}

/** Time limits are kept here and not by undici, whose timers are rounded to about a second. */
export function createTransport(options: TransportOptions, clock: Clock): Transport {
  const url = new URL(options.server);
  const basePath = url.pathname.replace(/\/+$/, "");
  const connections = createConnections({ ...options, origin: url.origin });

  return {
    async send(request) {
      const where = `${request.method} ${url.origin}${basePath}${request.path.split("?", 1)[0]}`;
      const controller = new AbortController();
      const onAbort = (): void => controller.abort(abortReason(request.signal));
      if (request.signal?.aborted === true) throw abortReason(request.signal);
      request.signal?.addEventListener("abort", onAbort, { once: true });
      const release = (): void => request.signal?.removeEventListener("abort", onAbort);
      const timer = clock.timer(request.headTimeoutMs, () => {
        controller.abort(
          new AppError("KUBE_TIMEOUT_HEAD", `${where}: no answer within ${request.headTimeoutMs} ms`, { retry: "idempotent" }),
        );
      });
      try {
        const certificate = await options.certificates.certificate();
        if (request.method !== "GET") askGuard(options.guard, controller);
        const answer = await connections.showing(certificate).request({
          method: request.method,
          path: basePath + request.path,
          headers: request.headers,
          ...(request.body === undefined ? {} : { body: request.body }),
          signal: controller.signal,
        });
        return {
          status: answer.statusCode,
          header: (name) => {
            const value = answer.headers[name];
            return Array.isArray(value) ? value[0] : value;
          },
          body: readBody(answer.body, { clock, controller, where, silenceMs: request.bodySilenceTimeoutMs, release }),
          cancel: () => {
            release();
            answer.body.on("error", () => {});
            answer.body.destroy();
          },
        };
      } catch (thrown) {
        release();
        if (controller.signal.aborted) throw abortReason(controller.signal);
        throw connectionError(thrown, where);
      } finally {
        timer.cancel();
      }
    },
    close: () => connections.close(),
  };
}

interface BodyContext {
  readonly clock: Clock;
  readonly controller: AbortController;
  readonly where: string;
  readonly silenceMs: number;
  readonly release: () => void;
}

async function* readBody(body: AsyncIterable<unknown>, context: BodyContext): AsyncGenerator<Buffer> {
  const { clock, controller, where, silenceMs } = context;
  const silent = (): void => {
    controller.abort(
      new AppError("KUBE_TIMEOUT_BODY", `${where}: the answer stopped for ${silenceMs} ms before its end`, { retry: "idempotent" }),
    );
  };
  let timer = clock.timer(silenceMs, silent);
  try {
    for await (const chunk of body) {
      timer.cancel();
      yield chunk as Buffer;
      timer = clock.timer(silenceMs, silent);
    }
    // An abort may end the iteration without an error.
    if (controller.signal.aborted) throw abortReason(controller.signal);
  } catch (thrown) {
    if (controller.signal.aborted) throw abortReason(controller.signal);
    throw new AppError("KUBE_TRUNCATED", `${where}: the connection ended before the answer did`, { retry: "idempotent", cause: thrown });
  } finally {
    timer.cancel();
    context.release();
  }
}

function askGuard(guard: (() => void) | undefined, controller: AbortController): void {
  try {
    guard?.();
  } catch (refusal) {
    controller.abort(refusal);
  }
}
