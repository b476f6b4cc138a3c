import { FieldId, HOP_BY_HOP, type MessageHead, copyFields } from "../wire/index.ts";

/** What may not stand in a trailer section (RFC 9110 section 6.5.1): framing, routing, and what is about one connection. */
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

/** The last chunk with the trailer fields that may be forwarded. */
export function lastChunk(trailer: MessageHead | undefined): string {
  if (trailer === undefined || trailer.fieldCount === 0) return "0\r\n\r\n";
  return `0\r\n${trailerText(trailer)}\r\n`;
}

/** The trailer fields that may be forwarded, as lines. */
export function trailerText(trailer: MessageHead): string {
  return copyFields(trailer, NOT_IN_TRAILER, []);
}
