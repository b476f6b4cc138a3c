import { Framing, type MessageHead } from "../wire/index.ts";

/** How a response body is written: not at all, with its length in the head, in chunks, or up to the end of the connection. */
export const Coding = { none: 0, raw: 1, chunked: 2, untilClose: 3 } as const;
export type Coding = (typeof Coding)[keyof typeof Coding];

/** How a body that came in this framing is written to a client of HTTP/1.`minorVersion`. */
export function codingFor(framing: Framing, minorVersion: number): Coding {
  if (framing === Framing.none) return Coding.none;
  if (framing === Framing.length) return Coding.raw;
  // An HTTP/1.0 client finds the end of such a body by the end of the connection.
  return minorVersion === 1 ? Coding.chunked : Coding.untilClose;
}

/**
 * The client's side of an exchange, as the exchange uses it: what speaks HTTP/1.1 to the client implements it, and what speaks
 * HTTP/2 will. Nothing is answered twice: `startResponse` or `answer` once, then `endResponse`.
 */
export interface Downstream {
  /** Whether this connection can serve another request after this one; said in the response head. */
  readonly isLastRequest: boolean;
  /** Whether the connection can go on although the request's body was not read. */
  readonly canSkipBody: boolean;
  readonly minorVersion: number;
  /** Writes an interim response or the head of a final one; `fields` has line ends but no empty line. */
  writeHead(text: string): void;
  writeBody(buffer: Buffer, start: number, end: number, coding: Coding): void;
  /** The response is whole. With `isLast` the connection is closed behind it. */
  endResponse(coding: Coding, trailer: MessageHead | undefined, isLast: boolean): void;
  /** The response can not be finished: the client must see that it is broken. `isOpenEnded`: its end would be that of the connection. */
  breakResponse(isOpenEnded: boolean): void;
  /** The endpoint is there: the request's body may come. */
  startBody(): void;
  /** The endpoint is gone again and nothing of the body was used. */
  holdBody(): void;
  /** Stop and go on reading from the client. */
  pause(): void;
  resume(): void;
  /** From now on bytes go to `onTunnelData`. */
  startTunnel(): void;
  writeTunnel(buffer: Buffer, start: number, end: number): void;
  endTunnel(): void;
  /** Whether the client does not take more for now. */
  readonly isBlocked: boolean;
  readonly sentBytes: number;
}
