import { Pool } from "undici";
import { AppError, type Clock } from "../kernel/index.ts";
import { abortReason } from "../call/index.ts";
import { connectionError } from "./errors.ts";

/** Where the API server is and how its certificate is checked. */
export interface TransportOptions {
  /** `https://host:port`, a path below it is put before every request's. */
  readonly server: string;
  /** PEM of the authorities that sign the server's certificate; the system's when left out. */
  readonly ca?: string;
  /** Name expected in the server's certificate, where it is not the host of `server`. */
  readonly tlsServerName?: string;
  readonly insecureSkipTlsVerify?: boolean;
  /** PEM of the client certificate and its key. */
  readonly clientCertificate?: { readonly cert: string; readonly key: string };
  readonly connectTimeoutMs: number;
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

/**
 * A watch may say nothing for a minute while its other side is gone without a word (a node cut off, a NAT entry that ran out). The kernels find that out
 * between them: after so long without a packet, and ten probes a second apart (as libuv sets them), the connection is reset. It costs the API server no request.
 */
const KEEP_ALIVE_MS = 15_000;

/**
 * Over undici, with HTTP/2 off: idle HTTP/2 sessions under watches have leaked memory and hung (nodejs/undici#5381).
 * Time limits are kept here and not by undici, whose timers are rounded to about a second.
 */
export function createTransport(options: TransportOptions, clock: Clock): Transport {
  const url = new URL(options.server);
  const basePath = url.pathname.replace(/\/+$/, "");
  const pool = new Pool(url.origin, {
    allowH2: false,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 30_000,
    connect: {
      timeout: options.connectTimeoutMs,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      ...(options.tlsServerName === undefined ? {} : { servername: options.tlsServerName }),
      ...(options.insecureSkipTlsVerify === true ? { rejectUnauthorized: false } : {}),
      ...(options.clientCertificate === undefined ? {} : { cert: options.clientCertificate.cert, key: options.clientCertificate.key }),
    },
  });

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
        const answer = await pool.request({
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
    close: () => pool.destroy(),
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
