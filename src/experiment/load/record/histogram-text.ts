import { deflateSync, inflateSync } from "node:zlib";
import { AppError } from "../../../kernel/index.ts";
import { type Figures, HIGHEST_US, Histogram } from "./histogram.ts";

/** Cookies of HdrHistogram's V2 encoding (HdrHistogram, AbstractHistogram.java): a word size of 1 stands in the second half byte. */
const COOKIE = 0x1c849313;
const COMPRESSED_COOKIE = 0x1c849314;
const HEADER_BYTES = 40;
/** A histogram of ours is at most 24 thousand counts of at most 9 bytes. */
const DECODED_LIMIT_BYTES = 262_144;

/** HdrHistogram's compressed V2 encoding in base 64, as its tools read it (`HISTFAAA…`). */
export function histogramText(histogram: Histogram): string {
  const payload = countsAsBytes(histogram);
  const plain = Buffer.alloc(HEADER_BYTES + payload.length);
  plain.writeUInt32BE(COOKIE, 0);
  plain.writeUInt32BE(payload.length, 4);
  plain.writeUInt32BE(histogram.figures, 12);
  plain.writeBigUInt64BE(1n, 16);
  plain.writeBigUInt64BE(BigInt(HIGHEST_US), 24);
  plain.writeDoubleBE(1, 32);
  payload.copy(plain, HEADER_BYTES);
  const packed = deflateSync(plain);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(COMPRESSED_COOKIE, 0);
  head.writeUInt32BE(packed.length, 4);
  return Buffer.concat([head, packed]).toString("base64");
}

/** Reads what {@link histogramText} wrote. Throws AppError `EXPERIMENT_LOAD_RESULT` for everything else. */
export function histogramOf(text: string): Histogram {
  const packed = Buffer.from(text, "base64");
  if (packed.length < 8 || packed.readUInt32BE(0) !== COMPRESSED_COOKIE)
    throw unreadable("it does not begin as a histogram of HdrHistogram V2");
  let plain: Buffer;
  try {
    plain = inflateSync(packed.subarray(8), { maxOutputLength: DECODED_LIMIT_BYTES });
  } catch {
    throw unreadable("what it holds cannot be unpacked");
  }
  const figures = plain.length < HEADER_BYTES ? 0 : plain.readUInt32BE(12);
  if (plain.length < HEADER_BYTES || plain.readUInt32BE(0) !== COOKIE || (figures !== 2 && figures !== 3))
    throw unreadable("it has not the layout of ours");
  if (plain.readBigUInt64BE(16) !== 1n || plain.readBigUInt64BE(24) !== BigInt(HIGHEST_US))
    throw unreadable("its range is not 1 us to an hour");
  return readCounts(plain, figures);
}

/** ZigZag LEB128; a negative number is a run of zeros. */
function countsAsBytes(histogram: Histogram): Buffer {
  const bytes: number[] = [];
  let last = histogram.length - 1;
  while (last >= 0 && histogram.countAt(last) === 0) last--;
  for (let index = 0; index <= last; index++) {
    let zeros = 0;
    while (histogram.countAt(index + zeros) === 0 && index + zeros <= last) zeros++;
    let rest = zeros > 1 ? zeros * 2 - 1 : histogram.countAt(index) * 2;
    if (zeros > 1) index += zeros - 1;
    while (rest > 127) {
      bytes.push((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    bytes.push(rest);
  }
  return Buffer.from(bytes);
}

function readCounts(plain: Buffer, figures: Figures): Histogram {
  const histogram = new Histogram(figures);
  let index = 0;
  let at = HEADER_BYTES;
  while (at < plain.length) {
    let value = 0;
    let scale = 1;
    let byte: number;
    do {
      byte = plain[at++] ?? 0;
      value += (byte & 127) * scale;
      scale *= 128;
    } while (byte > 127 && at < plain.length && scale < 2 ** 42);
    if (value % 2 === 1) {
      index += (value + 1) / 2;
      continue;
    }
    if (index >= histogram.length || value / 2 > 0xffff_ffff) throw unreadable("it counts more than it can hold");
    histogram.addAt(index++, value / 2);
  }
  return histogram;
}

function unreadable(why: string): AppError {
  return new AppError("EXPERIMENT_LOAD_RESULT", `a histogram cannot be read: ${why}; give a file that holdfast load wrote`);
}
