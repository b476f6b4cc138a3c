import { hash } from "node:crypto";

import { corrupt } from "../generation-words.ts";

/** `record BYTES SHA256`, the text, which has so many bytes of this hash (hexadecimal), and a line's end. */
export function recordOf(text: string): string {
  return `record ${Buffer.byteLength(text)} ${hash("sha256", text)}\n${text}\n`;
}

const HEAD = /^record (\d{1,12}) ([0-9a-f]{64})$/;
const LIMIT_HEAD_BYTES = 100;

/** The text of a record. Throws AppError `ROUTER_SNAPSHOT_CORRUPT` when it is torn, altered or something else. */
export function readRecord(bytes: Buffer): string {
  const start = bytes.subarray(0, LIMIT_HEAD_BYTES).indexOf(10) + 1;
  const [, length, sha256] = HEAD.exec(bytes.toString("latin1", 0, Math.max(0, start - 1))) ?? [];
  if (sha256 === undefined) throw corrupt("it does not begin as what this version writes");
  const end = start + Number(length);
  const text = bytes.subarray(start, end);
  if (bytes.length !== end + 1 || bytes[end] !== 10 || hash("sha256", text) !== sha256)
    throw corrupt("its content does not match its checksum (it is torn or was altered)");
  return text.toString("utf8");
}
