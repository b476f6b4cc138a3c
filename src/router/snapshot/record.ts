import { hash } from "node:crypto";

const HEAD = /^record (\d{1,12}) ([0-9a-f]{64})$/;
const LIMIT_HEAD_BYTES = 100;
const LINE_END = 10;

/** The first line of a record, with its end: `record BYTES SHA256` of the text that follows. After the text comes a line's end. */
export function recordHead(bytes: number, sha256: string): string {
  return `record ${bytes} ${sha256}\n`;
}

/** The text as a record. */
export function recordOf(text: string): string {
  return `${recordHead(Buffer.byteLength(text), hash("sha256", text))}${text}\n`;
}

/** What a file of records holds. */
export interface Records {
  readonly texts: readonly string[];
  /** What follows the last one that is whole; a torn one is what a process that ends in the middle of writing leaves. */
  readonly rest: "nothing" | "torn" | "altered";
}

/** Reads records up to the first that is not whole. */
export function readRecords(bytes: Buffer): Records {
  const texts: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = bytes.subarray(at, at + LIMIT_HEAD_BYTES).indexOf(LINE_END) + at + 1;
    if (start === at) return { texts, rest: bytes.length - at < LIMIT_HEAD_BYTES ? "torn" : "altered" };
    const [, length, sha256] = HEAD.exec(bytes.toString("latin1", at, start - 1)) ?? [];
    if (sha256 === undefined) return { texts, rest: "altered" };
    const end = start + Number(length);
    if (end >= bytes.length) return { texts, rest: "torn" };
    const text = bytes.subarray(start, end);
    if (bytes[end] !== LINE_END || hash("sha256", text) !== sha256) return { texts, rest: "altered" };
    texts.push(text.toString("utf8"));
    at = end + 1;
  }
  return { texts, rest: "nothing" };
}
