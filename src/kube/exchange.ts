import { AppError } from "../kernel/index.ts";
import type { CertificateSource } from "./certificate-source.ts";
import { decodeStatus } from "./decode.ts";
import { statusError } from "./errors.ts";
import type { TokenSource } from "./token-source.ts";
import type { Transport, TransportAnswer } from "./transport.ts";

export interface ExchangeSettings {
  readonly userAgent: string;
  readonly headTimeoutMs: number;
  readonly bodySilenceTimeoutMs: number;
  readonly bodyLimitBytes: number;
}

export interface ExchangeRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly accept?: string;
  /** Aborts until the head is there, and the body as well unless `bodySignal` is given. */
  readonly signal: AbortSignal;
}

/** One request and its 2xx answer, authenticated. Any other status is thrown as the error it stands for. */
export interface Exchange {
  /** The whole body, at most `bodyLimitBytes` (else KUBE_TOO_LARGE). */
  send(request: ExchangeRequest): Promise<Buffer>;
  /** The body as it comes; `bodySignal` ends it, while `signal` matters until the head is there. */
  open(request: ExchangeRequest & { readonly bodySilenceTimeoutMs: number; readonly bodySignal?: AbortSignal }): Promise<TransportAnswer>;
}

/** Body kept of an answer that is an error. */
const STATUS_LIMIT_BYTES = 64 * 1024;

export function createExchange(
  settings: ExchangeSettings,
  deps: { readonly transport: Transport; readonly tokens: TokenSource; readonly certificates: Pick<CertificateSource, "invalidate"> },
): Exchange {
  const { transport, tokens, certificates } = deps;

  async function attempt(request: ExchangeRequest, signal: AbortSignal, bodySilenceTimeoutMs: number): Promise<TransportAnswer> {
    const token = await tokens.token();
    const answer = await transport.send({
      method: request.method,
      path: request.path,
      headers: {
        accept: request.accept ?? "application/json",
        "user-agent": settings.userAgent,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(request.contentType === undefined ? {} : { "content-type": request.contentType }),
      },
      ...(request.body === undefined ? {} : { body: request.body }),
      headTimeoutMs: settings.headTimeoutMs,
      bodySilenceTimeoutMs,
      signal,
    });
    if (answer.status >= 200 && answer.status < 300) return answer;
    const retryAfter = answer.header("retry-after");
    const bytes = await readUpTo(answer, STATUS_LIMIT_BYTES);
    throw statusError(decodeStatus(bytes, answer.status, retryAfter), `${request.method} ${request.path.split("?", 1)[0] ?? ""}`);
  }

  async function authenticated(request: ExchangeRequest, signal: AbortSignal, bodySilenceTimeoutMs: number): Promise<TransportAnswer> {
    try {
      return await attempt(request, signal, bodySilenceTimeoutMs);
    } catch (thrown) {
      // A token or certificate that was replaced on disk shows as one 401; the fresh one gets one chance.
      if (!(thrown instanceof AppError) || thrown.code !== "KUBE_UNAUTHORIZED") throw thrown;
      if (!tokens.invalidate() && !certificates.invalidate()) throw thrown;
      return attempt(request, signal, bodySilenceTimeoutMs);
    }
  }

  return {
    async send(request) {
      const answer = await authenticated(request, request.signal, settings.bodySilenceTimeoutMs);
      const parts: Buffer[] = [];
      let length = 0;
      for await (const chunk of answer.body) {
        length += chunk.length;
        if (length > settings.bodyLimitBytes) {
          answer.cancel();
          throw new AppError(
            "KUBE_TOO_LARGE",
            `${request.method} ${request.path}: the answer has more than ${settings.bodyLimitBytes} bytes; list with a smaller limit`,
          );
        }
        parts.push(chunk);
      }
      return Buffer.concat(parts, length);
    },
    async open(request) {
      const controller = new AbortController();
      const forward = (): void => controller.abort(request.signal.reason);
      const forwardBody = (): void => controller.abort(request.bodySignal?.reason);
      request.signal.addEventListener("abort", forward, { once: true });
      request.bodySignal?.addEventListener("abort", forwardBody, { once: true });
      try {
        return await authenticated(request, controller.signal, request.bodySilenceTimeoutMs);
      } catch (thrown) {
        request.bodySignal?.removeEventListener("abort", forwardBody);
        throw thrown;
      } finally {
        request.signal.removeEventListener("abort", forward);
      }
    },
  };
}

/** As much of an error's body as says what is wrong; a body that fails or never ends does not hide the status. */
async function readUpTo(answer: TransportAnswer, limitBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of answer.body) {
      parts.push(chunk);
      length += chunk.length;
      if (length >= limitBytes) {
        answer.cancel();
        break;
      }
    }
  } catch {
    // the status is known, and it is the statement
  }
  return Buffer.concat(parts).subarray(0, limitBytes);
}
