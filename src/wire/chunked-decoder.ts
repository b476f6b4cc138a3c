import { CR, HEX, HTAB, LF, SP, TOKEN, VALUE } from "./bytes.ts";
import type { WireFault } from "./fault.ts";
import { FieldId } from "./field-id.ts";
import { FAULTY, HeadParser, NEEDS_MORE } from "./head-parser.ts";
import type { HeadLimits } from "./limits.ts";
import type { MessageHead } from "./message-head.ts";

/** What {@link ChunkedDecoder.step} found. */
export const ChunkStep = { needsMore: 0, data: 1, end: 2, faulty: 3 } as const;
export type ChunkStep = (typeof ChunkStep)[keyof typeof ChunkStep];

const State = { sizeFirst: 0, size: 1, extension: 2, sizeLf: 3, data: 4, dataCr: 5, dataLf: 6, trailer: 7, end: 8 } as const;

/** Where in a chunk extension the next byte stands: `;name`, `;name=token`, `;name="quoted"`. */
const Extension = { nameFirst: 0, name: 1, valueFirst: 2, value: 3, quoted: 4, escaped: 5, behind: 6, bad: 7 } as const;

/** Digits of a size: more than any number needs, as some senders fill up with zeros; without a bound a size would never have to end. */
const SIZE_DIGITS = 32;

const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** RFC 9112 section 7.1.1, without the white space that it calls bad. */
function extensionAfter(state: number, byte: number): number {
  switch (state) {
    case Extension.nameFirst:
      return TOKEN[byte] === 1 ? Extension.name : Extension.bad;
    case Extension.name:
      if (byte === EQUALS) return Extension.valueFirst;
      if (byte === SEMICOLON) return Extension.nameFirst;
      return TOKEN[byte] === 1 ? Extension.name : Extension.bad;
    case Extension.valueFirst:
      if (byte === QUOTE) return Extension.quoted;
      return TOKEN[byte] === 1 ? Extension.value : Extension.bad;
    case Extension.value:
      if (byte === SEMICOLON) return Extension.nameFirst;
      return TOKEN[byte] === 1 ? Extension.value : Extension.bad;
    case Extension.quoted:
      if (byte === QUOTE) return Extension.behind;
      if (byte === BACKSLASH) return Extension.escaped;
      return VALUE[byte] === 1 ? Extension.quoted : Extension.bad;
    case Extension.escaped:
      return VALUE[byte] === 1 ? Extension.quoted : Extension.bad;
    default:
      return byte === SEMICOLON ? Extension.nameFirst : Extension.bad;
  }
}

/** Whether a line may end in this state. */
function isExtensionWhole(state: number): boolean {
  return state === Extension.name || state === Extension.value || state === Extension.behind;
}

const FRAMING = FieldId.contentLength | FieldId.transferEncoding | FieldId.framingLookalike;

/** Bounds of a chunked body beside those of its trailer section. */
export interface ChunkedLimits {
  /** Chunk extensions in the whole body: they carry nothing here, and an endless one is an attack. */
  readonly extensionBytes: number;
  readonly trailer: HeadLimits;
}

/**
 * Incremental decoder of the chunked transfer coding (RFC 9112 section 7.1). Strict: sizes are hexadecimal digits only, lines end
 * with CR LF. Extensions are checked, counted and not passed on (section 7.1.1: a recipient ignores those it does not know).
 *
 * Gotcha: data is not copied: after a step that found `data` it stands in the caller's buffer from `dataStart` to `dataEnd`.
 */
export class ChunkedDecoder {
  readonly #limits: ChunkedLimits;
  readonly #trailer: HeadParser;
  #state: number = State.sizeFirst;
  #left = 0;
  #digits = 0;
  #extensionBytes = 0;
  #extension: number = Extension.nameFirst;
  dataStart = 0;
  dataEnd = 0;
  fault: WireFault | undefined = undefined;

  constructor(limits: ChunkedLimits) {
    this.#limits = limits;
    this.#trailer = new HeadParser("trailer", limits.trailer);
  }

  reset(): void {
    this.#state = State.sizeFirst;
    this.#left = 0;
    this.#digits = 0;
    this.#extensionBytes = 0;
    this.fault = undefined;
    this.#trailer.reset();
  }

  /** The trailer section; whole once a step found the `end`. */
  get trailer(): MessageHead {
    return this.#trailer.head;
  }

  /** Where the next step continues; after the `end`, the first byte behind the body. */
  next = 0;

  /** Takes `buffer[start, end)` up to the next piece of data, the end of the body, or the end of the bytes; continue from `next`. */
  step(buffer: Buffer, start: number, end: number): ChunkStep {
    let at = start;
    let state = this.#state;
    while (at < end) {
      switch (state) {
        case State.sizeFirst:
        case State.size: {
          const byte = buffer[at] as number;
          const digit = HEX[byte] as number;
          if (digit !== 255) {
            // 2^49 sixteen times more is past 2^53-1: refuse before the number loses digits.
            if (this.#left >= 2 ** 49 || ++this.#digits > SIZE_DIGITS) return this.#refuse("WIRE_CHUNK_SIZE");
            this.#left = this.#left * 16 + digit;
            state = State.size;
          } else if (state === State.sizeFirst) {
            return this.#refuse("WIRE_CHUNK_SIZE");
          } else if (byte === CR) {
            state = State.sizeLf;
          } else if (byte === SEMICOLON) {
            if (++this.#extensionBytes > this.#limits.extensionBytes) return this.#refuse("WIRE_CHUNK_EXTENSION_TOO_LONG");
            this.#extension = Extension.nameFirst;
            state = State.extension;
          } else {
            return this.#refuse(
              byte === LF ? "WIRE_LINE_ENDING" : byte === SP || byte === HTAB ? "WIRE_CHUNK_EXTENSION" : "WIRE_CHUNK_SIZE",
            );
          }
          at++;
          break;
        }
        case State.extension: {
          const byte = buffer[at] as number;
          if (byte === CR && isExtensionWhole(this.#extension)) {
            state = State.sizeLf;
          } else {
            this.#extension = extensionAfter(this.#extension, byte);
            if (this.#extension === Extension.bad) return this.#refuse(byte === LF ? "WIRE_LINE_ENDING" : "WIRE_CHUNK_EXTENSION");
            if (++this.#extensionBytes > this.#limits.extensionBytes) return this.#refuse("WIRE_CHUNK_EXTENSION_TOO_LONG");
          }
          at++;
          break;
        }
        case State.sizeLf:
          if (buffer[at] !== LF) return this.#refuse("WIRE_LINE_ENDING");
          at++;
          state = this.#left === 0 ? State.trailer : State.data;
          break;
        case State.data: {
          const length = Math.min(this.#left, end - at);
          this.#left -= length;
          this.dataStart = at;
          this.dataEnd = at + length;
          this.next = at + length;
          this.#state = this.#left === 0 ? State.dataCr : State.data;
          return ChunkStep.data;
        }
        case State.dataCr:
          if (buffer[at] !== CR) return this.#refuse("WIRE_CHUNK_DATA");
          at++;
          state = State.dataLf;
          break;
        case State.dataLf:
          if (buffer[at] !== LF) return this.#refuse("WIRE_CHUNK_DATA");
          at++;
          this.#digits = 0;
          state = State.sizeFirst;
          break;
        case State.trailer: {
          const trailerEnd = this.#trailer.push(buffer, at, end);
          this.#state = State.trailer;
          if (trailerEnd === FAULTY) return this.#refuse(this.#trailer.fault ?? "WIRE_FIELD_NAME");
          if (trailerEnd === NEEDS_MORE) {
            this.next = end;
            return ChunkStep.needsMore;
          }
          if ((this.#trailer.head.present & FRAMING) !== 0) return this.#refuse("WIRE_TRAILER_FRAMING");
          this.#state = State.end;
          this.next = trailerEnd;
          return ChunkStep.end;
        }
        default:
          throw new Error("a chunked decoder was used behind the end of its body");
      }
    }
    this.#state = state;
    this.next = end;
    return ChunkStep.needsMore;
  }

  #refuse(fault: WireFault): ChunkStep {
    this.fault = fault;
    return ChunkStep.faulty;
  }
}
