import type { WireFault } from "../../wire/index.ts";
import { newWebSocketKey } from "./websocket.ts";

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;
const STATUS = /^[1-5][0-9][0-9]$/;
const PATH = /^[\x21\x22\x24-\x7e]+$/;

const PSEUDO_BITS: ReadonlyMap<string, number> = new Map([
  [":method", 1],
  [":scheme", 2],
  [":path", 4],
  [":authority", 8],
  [":protocol", 16],
]);

/** RFC 9113 section 8.2.2: fields about a connection that HTTP/2 does not have. */
const CONNECTION_SPECIFIC: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);

/**
 * A request head as lines of HTTP/1.1, which everything behind it reads, or why it is refused. `webSocketKey`: it asks for a WebSocket, with
 * this key.
 */
export type RequestLines = { readonly text: string; readonly webSocketKey?: string } | { readonly fault: WireFault };

/**
 * Reads the field list of a request (`name, value, …`) by the rules of RFC 9113 sections 8.2 and 8.3. nghttp2 has refused most of what breaks
 * them; here nothing depends on that. `hasBody`: the stream goes on behind the head.
 */
export function requestLines(fields: readonly string[], hasBody: boolean): RequestLines {
  const pseudo = { ":method": "", ":scheme": "", ":path": "", ":authority": "", ":protocol": "" };
  let seen = 0;
  let lines = "";
  let cookies = "";
  let host: string | undefined;
  let hasLength = false;
  let isRegular = false;
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string;
    const value = fields[at + 1] as string;
    if (name.charCodeAt(0) === 0x3a) {
      const bit = PSEUDO_BITS.get(name) ?? 0;
      if (bit === 0 || (seen & bit) !== 0 || isRegular) return { fault: "WIRE_PSEUDO_FIELD" };
      seen |= bit;
      pseudo[name as keyof typeof pseudo] = value;
      continue;
    }
    isRegular = true;
    if (!NAME.test(name)) return { fault: "WIRE_FIELD_NAME" };
    if (!VALUE.test(value)) return { fault: "WIRE_FIELD_VALUE" };
    if (CONNECTION_SPECIFIC.has(name) || (name === "te" && value !== "trailers")) return { fault: "WIRE_CONNECTION_FIELD" };
    if (name === "host") {
      if (host !== undefined) return { fault: "WIRE_HOST" };
      host = value;
    } else if (name === "cookie") {
      // RFC 9113 section 8.2.3: crumbs are one field again outside HTTP/2.
      cookies = cookies === "" ? value : `${cookies}; ${value}`;
    } else {
      if (name === "content-length") hasLength = true;
      // RFC 8441 section 5: it means nothing here.
      if (name !== "sec-websocket-key" || (seen & 16) === 0) lines += `${name}: ${value}\r\n`;
    }
  }
  const { ":method": method, ":scheme": scheme, ":path": path, ":authority": authority, ":protocol": protocol } = pseudo;
  if (!TOKEN.test(method)) return { fault: "WIRE_METHOD" };
  // Section 8.5: CONNECT has an authority alone. It is refused as such, not for its form.
  if (method === "CONNECT" && seen === 9) return { text: `CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n\r\n` };
  if ((seen & 7) !== 7 || (scheme !== "http" && scheme !== "https")) return { fault: "WIRE_PSEUDO_FIELD" };
  if (!PATH.test(path) || (path !== "*" && !path.startsWith("/"))) return { fault: "WIRE_TARGET_FORM" };
  // Section 8.3.1: Host says what :authority says, or one of them is not there.
  if ((seen & 8) !== 0 && (authority === "" || (host !== undefined && host.toLowerCase() !== authority.toLowerCase())))
    return { fault: "WIRE_HOST" };
  const named = (seen & 8) === 0 ? host : authority;
  if (named === undefined || !VALUE.test(named)) return { fault: "WIRE_HOST" };
  const cookie = cookies === "" ? "" : `cookie: ${cookies}\r\n`;
  if ((seen & 16) !== 0) {
    // RFC 8441 section 4: CONNECT, and all of them.
    if (method !== "CONNECT" || seen !== 31 || protocol !== "websocket" || hasLength) return { fault: "WIRE_PSEUDO_FIELD" };
    const webSocketKey = newWebSocketKey();
    const upgrade = `connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: ${webSocketKey}\r\n`;
    return { text: `GET ${path} HTTP/1.1\r\nhost: ${named}\r\n${lines}${cookie}${upgrade}\r\n`, webSocketKey };
  }
  const coding = hasBody && !hasLength ? "transfer-encoding: chunked\r\n" : "";
  return { text: `${method} ${path} HTTP/1.1\r\nhost: ${named}\r\n${lines}${cookie}${coding}\r\n` };
}

/** A trailer section as lines of HTTP/1.1, or undefined when it has what none may have (section 8.1). */
export function trailerLines(fields: readonly string[]): string | undefined {
  let text = "";
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string;
    const value = fields[at + 1] as string;
    if (!NAME.test(name) || !VALUE.test(value) || CONNECTION_SPECIFIC.has(name) || name === "te") return undefined;
    text += `${name}: ${value}\r\n`;
  }
  return `${text}\r\n`;
}

/** The fields of a head in lines of HTTP/1.1 (start line, fields, perhaps an empty line) as a list for HTTP/2: lower-case names, nothing about a connection. */
export function fieldsOfLines(text: string): string[] {
  const fields: string[] = [];
  let at = text.indexOf("\r\n") + 2;
  while (at < text.length) {
    const end = text.indexOf("\r\n", at);
    const colon = text.indexOf(":", at);
    if (end < 0 || colon < 0 || colon > end) break;
    const name = text.slice(at, colon).toLowerCase();
    const value = text.slice(colon + 1, end).trim();
    if (!CONNECTION_SPECIFIC.has(name) && (name !== "te" || value === "trailers")) fields.push(name, value);
    at = end + 2;
  }
  return fields;
}

/** The status in a status line. */
export function statusOfLines(text: string): number {
  return Number(text.slice(9, 12));
}

/** Lines of one name become one entry with all values, in their order. */
export function recordOf(fields: readonly string[]): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>;
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string;
    const value = fields[at + 1] as string;
    const known = record[name];
    if (known === undefined) record[name] = value;
    else if (typeof known === "string") record[name] = [known, value];
    else known.push(value);
  }
  return record;
}

const WHOLE_URL = /^(https?):\/\/[^/?]*(.*)$/;

/** A request head in lines of HTTP/1.1, as it is sent to endpoints, as the field list of HTTP/2 (section 8.3.1). */
export function requestFields(text: string, isTls: boolean): readonly string[] {
  const methodEnd = text.indexOf(" ");
  const targetEnd = text.indexOf(" ", methodEnd + 1);
  const target = text.slice(methodEnd + 1, targetEnd);
  // A proxy is sent the whole URL, whose host is the Host.
  const [, scheme = isTls ? "https" : "http", path = target] = target.startsWith("/") ? [] : (WHOLE_URL.exec(target) ?? []);
  const fields = [":method", text.slice(0, methodEnd), ":scheme", scheme, ":path", path === "" ? "*" : path];
  const regular = fieldsOfLines(text);
  for (let at = 0; at < regular.length; at += 2) if (regular[at] === "host") fields.push(":authority", regular[at + 1] as string);
  for (let at = 0; at < regular.length; at += 2) if (regular[at] !== "host") fields.push(regular[at] as string, regular[at + 1] as string);
  return fields;
}

/**
 * A response head as lines of HTTP/1.1, undefined when it is malformed (sections 8.2 and 8.3.2). `content`: `none` where the request or
 * the status lets none be, `empty` where the stream ends with the head, `open` where it goes on.
 */
export function responseLines(fields: readonly string[], content: "none" | "empty" | "open"): string | undefined {
  let status = "";
  let lines = "";
  let hasLength = false;
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string;
    const value = fields[at + 1] as string;
    if (name === ":status") {
      if (status !== "" || lines !== "" || !STATUS.test(value)) return undefined;
      status = value;
      continue;
    }
    if (!NAME.test(name) || !VALUE.test(value) || CONNECTION_SPECIFIC.has(name)) return undefined;
    if (name === "content-length") hasLength = true;
    lines += `${name}: ${value}\r\n`;
  }
  // Section 8.6: there is no 101.
  if (status === "" || status === "101") return undefined;
  const isBodiless = content === "none" || hasLength || status === "204" || status === "304";
  const framing = isBodiless ? "" : content === "empty" ? "content-length: 0\r\n" : "transfer-encoding: chunked\r\n";
  return `HTTP/1.1 ${status} \r\n${lines}${framing}\r\n`;
}
