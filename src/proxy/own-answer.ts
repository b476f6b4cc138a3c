import type { MessageHead } from "../wire/index.ts";
import { FieldId, HOP_BY_HOP, copyFields } from "../wire/index.ts";
import { reasonOf, statusLine } from "./message-heads.ts";

let dateSecond = -1;
let dateField = "";

/** `Date` is made once a second. */
function dateLine(wallMs: number): string {
  const second = Math.floor(wallMs / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateField = `Date: ${new Date(second * 1000).toUTCString()}\r\n`;
  }
  return dateField;
}

/** Head of an answer that no endpoint gave, open for more fields. Date and Server are added unless a filter set them. */
export function ownHeadText(status: number, fields: string, wallMs: number): string {
  const date = /^date:/im.test(fields) ? "" : dateLine(wallMs);
  const server = /^server:/im.test(fields) ? "" : "Server: holdfast\r\n";
  return `${statusLine(status, reasonOf(status))}${date}${server}${fields}`;
}

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
  return `0\r\n${copyFields(trailer, NOT_IN_TRAILER, [])}\r\n`;
}
