import type { Socket } from "node:net";
import type { ProxyFailure } from "./failure.ts";
import type { Peer } from "./peer.ts";

/** A connection that a listener has accepted, and that has shown what it carries. */
export interface OpenedConnection {
  readonly socket: Socket;
  readonly peer: Peer;
  readonly protocol: "http1" | "http2";
  /** Bytes that were read off the socket already; those of HTTP/2 were put back. */
  readonly first: Buffer | undefined;
}

/** A client's connection as the proxy keeps it, whatever it carries. */
export interface Connection {
  /** Whether no request is under way: it may be closed without harm. */
  readonly isIdle: boolean;
  /** Whether only the client's end is waited for. */
  readonly isClosing: boolean;
  /** Brings the counts of bytes up to date; called every tick. */
  countBytes(): void;
  /** Closes an idle connection; called again and again while the proxy stops. */
  closeIfIdle(): void;
  /** Closes at once. What is under way is lost and counted as such. */
  destroy(failure: ProxyFailure): void;
}
