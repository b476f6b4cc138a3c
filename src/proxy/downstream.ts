import type { HeadParser } from "../wire/index.ts";

/** How a response body is written. */
export const Coding = { none: 0, raw: 1, chunked: 2 } as const;
export type Coding = (typeof Coding)[keyof typeof Coding];

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
  endResponse(coding: Coding, trailer: HeadParser | undefined, isLast: boolean): void;
  /** The response can not be finished: the client must see that it is broken. */
  breakResponse(): void;
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
