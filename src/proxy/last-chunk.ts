import { FieldId, HOP_BY_HOP, type MessageHead, copyFields } from "../wire/index.ts";

/** What may not stand in a trailer section (RFC 9110 section 6.5.1): framing, routing, and what is about one connection, … */
const NOT_IN_TRAILER =
  HOP_BY_HOP |
  FieldId.contentLength |
  FieldId.host |
  FieldId.trailer |
  FieldId.expect |
  FieldId.xForwardedFor |
  FieldId.xForwardedProto |
  FieldId.xForwardedPort |
  FieldId.xForwardedHost;

/**
 * … and what has to be known before the content: who asks, what for, how the content is to be read, how long a response may be kept. A
 * back end that takes trailers for fields of the head would believe what no filter has seen.
 */
const NOT_BEHIND_CONTENT: readonly string[] = [
  "authorization cookie set-cookie www-authenticate authentication-info",
  "cache-control max-forwards pragma range if-match if-none-match if-modified-since if-unmodified-since if-range",
  "content-type content-encoding content-range content-location",
  "age date expires location retry-after vary warning forwarded via",
].flatMap((names) => names.split(" "));

/** The last chunk with the trailer fields that may be forwarded. */
export function lastChunk(trailer: MessageHead | undefined): string {
  if (trailer === undefined || trailer.fieldCount === 0) return "0\r\n\r\n";
  return `0\r\n${trailerText(trailer)}\r\n`;
}

/** The trailer fields that may be forwarded, as lines. */
export function trailerText(trailer: MessageHead): string {
  return copyFields(trailer, NOT_IN_TRAILER, NOT_BEHIND_CONTENT);
}
