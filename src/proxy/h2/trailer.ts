import { type ChunkedLimits, FieldId, HeadParser, type MessageHead, type WireFault } from "../../wire/index.ts";
import { trailerLines } from "./fields.ts";

/** Reads a trailer section by the rules of HTTP/2 and of HTTP/1.1: as a head, or why it is refused. */
export function readTrailer(fields: readonly string[], limits: ChunkedLimits): MessageHead | WireFault {
  const text = trailerLines(fields);
  if (text === undefined) return "WIRE_CONNECTION_FIELD";
  const parser = new HeadParser("trailer", limits.trailer);
  const bytes = Buffer.from(text, "latin1");
  if (parser.push(bytes, 0, bytes.length) !== bytes.length) return parser.fault ?? "WIRE_TRAILER_FRAMING";
  return (parser.head.present & (FieldId.contentLength | FieldId.framingLookalike)) === 0 ? parser.head : "WIRE_TRAILER_FRAMING";
}
