import type { BodyFraming, Framing, MessageHead, WireFault } from "../wire/index.ts";
import type { ProxyFailure } from "./failure.ts";

/**
 * The endpoint's side of an exchange, as the exchange uses it: what speaks HTTP/1.1 to endpoints implements it, and what speaks
 * HTTP/2 will. It carries one request at a time.
 */
export interface Upstream {
  /** Whether a request can be sent; else `onConnected` follows. */
  readonly isConnected: boolean;
  /** Whether it carried another request before. */
  readonly wasReused: boolean;
  /** Whether any byte of an answer to this request has come. */
  readonly hasAnswered: boolean;
  /** Whether the endpoint does not take more for now. */
  readonly isBlocked: boolean;
  assign(receiver: ResponseReceiver): void;
  /** Sends a request head, whose body comes in this framing; an answer to `method` is expected. `isFinal`: nothing is sent after this request. */
  begin(method: string, head: string, framing: Framing, isFinal: boolean): void;
  /** Takes `buffer[start, end)` of the body; the buffer may be reused at once. */
  writeBody(buffer: Buffer, start: number, end: number): void;
  /** The request is whole, with its body if it has one. */
  endRequest(trailer: MessageHead | undefined): void;
  writeTunnel(buffer: Buffer, start: number, end: number): void;
  endTunnel(): void;
  /** Both sides of the tunnel have ended: what is under way to the endpoint still arrives, and the receiver hears nothing any more. */
  leaveTunnel(): void;
  /** Stop and go on reading from the endpoint: the client is slower. */
  pause(): void;
  resume(): void;
  /** Ends it at once, a tunnel with a reset; the receiver hears nothing any more. Idempotent. */
  destroy(): void;
}

/** Who a response is for. Calls come in the order head, data, end; or `onLost` at any time, after which nothing comes. */
export interface ResponseReceiver {
  onConnected(): void;
  /** A 1xx other than 101. */
  onInterim(head: MessageHead): void;
  /** A 101: from now on the connection carries another protocol, and `onTunnelData` gets it. */
  onUpgraded(head: MessageHead): void;
  onResponseHead(head: MessageHead, framing: BodyFraming): void;
  /** `buffer` is reused when the call returns. */
  onResponseData(buffer: Buffer, start: number, end: number): void;
  onResponseEnd(trailer: MessageHead | undefined): void;
  onTunnelData(buffer: Buffer, start: number, end: number): void;
  /** The endpoint has ended its side of the tunnel. */
  onTunnelEnd(): void;
  onLost(failure: ProxyFailure, detail: WireFault | undefined): void;
  /** The endpoint does not take more for now, and then does again. */
  onRequestBlocked(): void;
  onRequestDrained(): void;
}
