import { createHash, randomBytes } from "node:crypto";

/** What the accepting side appends (RFC 6455 section 1.3). */
const ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** For a Sec-WebSocket-Key: HTTP/2 has none (RFC 8441 section 5), endpoints of HTTP/1.1 want one. */
export function newWebSocketKey(): string {
  return randomBytes(16).toString("base64");
}

/** Whether the head of a 101, in lines, shows that the endpoint understood the key. */
export function isAccepted(text: string, key: string): boolean {
  const accepted = createHash("sha1").update(`${key}${ACCEPT_GUID}`).digest("base64");
  return /\r\nsec-websocket-accept:[ \t]*(\S+)[ \t]*\r\n/i.exec(text)?.[1] === accepted;
}
