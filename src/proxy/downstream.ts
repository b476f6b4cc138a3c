import type { Framing, MessageHead } from "../wire/index.ts";

/**
 * The client's side of an exchange, as the exchange uses it: what speaks HTTP/1.1 to the client implements it, and what speaks
 * HTTP/2 will. Nothing is answered twice: `startResponse` once, then `endResponse` or `breakResponse`; or `startTunnel`.
 */
export interface Downstream {
  /** Whether the connection can go on although the request's body was not read. */
  readonly canSkipBody: boolean;
  /** Whether the client takes 1xx responses (RFC 9110 section 15.2: not one of HTTP/1.0). */
  readonly takesInterim: boolean;
  /** Whether the client does not take more for now. */
  readonly isBlocked: boolean;
  /** Sends a 1xx head, whole. */
  writeInterim(text: string): void;
  /**
   * Sends the head of the answer: status line and fields, each with its line end, without the fields about framing by chunks and about the
   * connection, which are the connection's to add. `isFinal`: the connection can not go on behind this answer.
   */
  startResponse(text: string, framing: Framing, isFinal: boolean): void;
  /** Takes `buffer[start, end)` of the body; the buffer may be reused at once. */
  writeBody(buffer: Buffer, start: number, end: number): void;
  endResponse(trailer: MessageHead | undefined): void;
  /** The response can not be finished: the client must see that it is broken. */
  breakResponse(): void;
  /** The endpoint is there: the request's body may come. */
  startBody(): void;
  /** The endpoint is gone again and nothing of the body was used. */
  holdBody(): void;
  /** Stop and go on reading from the client. */
  pause(): void;
  resume(): void;
  /** Sends the head of a 101, without its connection fields, and from then on gives all bytes to `onTunnelRequest`. */
  startTunnel(text: string, protocol: string): void;
  writeTunnel(buffer: Buffer, start: number, end: number): void;
  endTunnel(): void;
}
