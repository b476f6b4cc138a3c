import { Framing, type WireFault } from "../wire/index.ts";
import { dateLine } from "./date-field.ts";
import type { Downstream } from "./downstream.ts";
import { type ProxyFailure, failures } from "./failure.ts";
import { reasonOf, statusLine } from "./message-heads.ts";

/** An answer that no endpoint gave: that of a filter, of a `<shunt>`, or an error of our own. */
export interface OwnAnswer {
  readonly status: number;
  /** Field lines without those about framing and the connection; Date and Server are added unless they are there. */
  readonly fields: string;
  readonly body: Buffer;
  /** The body follows, of a length nobody knows yet; `body` is not written. */
  readonly isStreamed?: boolean;
}

/** What the client is told when a request could not be answered otherwise. */
export function failureAnswer(failure: ProxyFailure, detail: WireFault | undefined, status: number, retryAfterSeconds: number): OwnAnswer {
  // RFC 9110 section 15.5.6: with a 405 the methods that are served; any but CONNECT is.
  const advice =
    status === 503
      ? `Retry-After: ${retryAfterSeconds}\r\n`
      : status === 405
        ? "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE\r\n"
        : "";
  return {
    status,
    fields: `Content-Type: text/plain; charset=utf-8\r\n${advice}`,
    body: Buffer.from(`${status} ${reasonOf(status)}: ${failures[failure].text} (${detail ?? failure})\n`),
  };
}

/** Writes the answer to a request of this method, up to its end, which is the caller's to say; returns how many bytes its body had. */
export function writeOwnAnswer(
  client: Downstream,
  { status, fields, body, isStreamed = false }: OwnAnswer,
  method: string,
  wallMs: number,
  isFinal: boolean,
): number {
  const hasLength = status !== 204 && status !== 304;
  const hasBody = hasLength && method !== "HEAD";
  const bodyBytes = hasBody && !isStreamed ? body.length : 0;
  const date = /^date:/im.test(fields) ? "" : dateLine(wallMs);
  const server = /^server:/im.test(fields) ? "" : "Server: holdfast\r\n";
  const length = hasLength && !isStreamed ? `Content-Length: ${body.length}\r\n` : "";
  client.startResponse(
    `${statusLine(status, reasonOf(status))}${date}${server}${fields}${length}`,
    hasBody && isStreamed ? Framing.chunked : bodyBytes === 0 ? Framing.none : Framing.length,
    isFinal,
  );
  if (bodyBytes > 0) client.writeBody(body, 0, bodyBytes);
  return bodyBytes;
}
