import { createHash } from "node:crypto";
import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import type { Clock } from "../../kernel/index.ts";

const MOST_BYTES = 4 * 1024 * 1024;

export interface ProbeRequest {
  readonly address: { readonly host: string; readonly port: number };
  readonly tls: boolean;
  readonly path: string;
  readonly hostHeader: string | undefined;
  readonly authorization?: string | undefined;
  /** The source address; undefined: the machine's choice. */
  readonly from: string | undefined;
  readonly timeoutMs: number;
}

/** What came of one request over a connection of its own. */
export interface ProbeResult {
  readonly status: number | null;
  /** A code as ECONNRESET, or `no answer`. */
  readonly error: string | null;
  readonly ms: number;
  readonly bytes: number;
  /** Of the body, without what names this request alone. */
  readonly digest: string;
}

/** Makes one GET request over a new connection. Never rejects: what goes wrong is what is looked for. */
export function probe(asked: ProbeRequest, clock: Clock, signal: AbortSignal): Promise<ProbeResult> {
  const startMs = clock.monoMs();
  const pieces: Buffer[] = [];
  let bytes = 0;
  let status: number | null = null;
  return new Promise((resolve) => {
    const request = (asked.tls ? requestTls : requestPlain)({
      host: asked.address.host,
      port: asked.address.port,
      path: asked.path,
      agent: false,
      headers: {
        "user-agent": "holdfast-witness",
        ...(asked.hostHeader === undefined ? {} : { host: asked.hostHeader }),
        ...(asked.authorization === undefined ? {} : { authorization: asked.authorization }),
      },
      ...(asked.from === undefined ? {} : { localAddress: asked.from }),
      // A look at the wire: whose certificate it is, is not what is asked.
      rejectUnauthorized: false,
    });
    const settle = (error: string | null): void => {
      timer.cancel();
      signal.removeEventListener("abort", abort);
      request.destroy();
      resolve({ status, error, ms: clock.monoMs() - startMs, bytes, digest: digestOf(Buffer.concat(pieces)) });
    };
    let isSettled = false;
    const once = (error: string | null): void => {
      if (isSettled) return;
      isSettled = true;
      settle(error);
    };
    const abort = (): void => once("no answer");
    const timer = clock.timer(asked.timeoutMs, abort);
    signal.addEventListener("abort", abort, { once: true });
    request.on("error", (error: NodeJS.ErrnoException) => once(error.code ?? error.message));
    request.on("response", (response) => {
      status = response.statusCode ?? null;
      response.on("data", (piece: Buffer) => {
        bytes += piece.length;
        pieces.push(piece);
        if (bytes > MOST_BYTES) once(null);
      });
      response.on("end", () => once(response.complete ? null : "cut"));
      response.on("error", (error: NodeJS.ErrnoException) => once(error.code ?? error.message));
    });
    request.end();
  });
}

/** Answers of AWS carry an id of the request. */
function digestOf(body: Buffer): string {
  const text = body.toString("latin1").replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "");
  return createHash("sha256").update(text, "latin1").digest("hex").slice(0, 12);
}

/** `200 in 3 ms`, `ECONNRESET after 12 ms`, `200, then cut after 12 bytes`. */
export function shownResult({ status, error, ms, bytes }: ProbeResult): string {
  if (error === null) return `${status} in ${ms.toFixed(0)} ms`;
  const before = status === null ? "" : `${status}, ${bytes} bytes, then `;
  return `${before}${error} after ${ms.toFixed(0)} ms`;
}
