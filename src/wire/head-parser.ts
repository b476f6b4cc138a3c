import { COLON, CR, HTAB, LF, SP, TOKEN, VALUE, isSpace, valueEnd } from "./bytes.ts";
import type { WireFault } from "./fault.ts";
import { fieldIdOf } from "./field-id.ts";
import type { HeadLimits } from "./limits.ts";
import { MessageHead } from "./message-head.ts";
import { readRequestLine, readStatusLine } from "./start-line.ts";

/** What {@link HeadParser.push} answers when it has not seen the whole head. */
export const NEEDS_MORE = -1;
/** What it answers when the bytes were refused; `fault` says why. */
export const FAULTY = -2;

/** What is parsed: a request head, a response head, or the trailer section behind the last chunk. */
export type HeadKind = "request" | "response" | "trailer";

const State = { begin: 0, beginLf: 1, startLine: 2, startLf: 3, fieldStart: 4, name: 5, space: 6, value: 7, valueLf: 8, endLf: 9 } as const;

const NO_VIEW = new DataView(new ArrayBuffer(0));

/**
 * Incremental parser of one message head after another; each byte is looked at once, however it is split. Strict: it accepts the
 * grammar of RFC 9112 sections 2 to 5 with CR LF line ends, no folding and no space before a colon, and refuses the rest.
 * Two liberties the RFC gives are taken: one empty line before a request line (section 2.2), and a status line that ends after the code.
 *
 * Gotcha: `head` is valid until `reset`, which must precede the next head.
 */
export class HeadParser {
  /** What was read; whole once {@link HeadParser.push} returned an index. */
  readonly head = new MessageHead();
  fault: WireFault | undefined = undefined;
  readonly #kind: HeadKind;
  readonly #limits: HeadLimits;
  #state: number;
  /** Position of the scan, relative to the first byte of the head. */
  #at = 0;
  #lineStart = 0;
  #nameEnd = 0;
  #valueStart = 0;
  /** Bytes of a head that came in pieces. */
  #kept: Buffer | undefined = undefined;
  #keptLength = 0;
  /** The buffer `#view` is on: the same one again and again. */
  #viewed: Buffer | undefined = undefined;
  #view: DataView = NO_VIEW;
  /** Bytes before the start line: the empty line that is skipped. */
  #skipped = 0;

  constructor(kind: HeadKind, limits: HeadLimits) {
    this.#kind = kind;
    this.#limits = limits;
    this.#state = kind === "trailer" ? State.fieldStart : kind === "request" ? State.begin : State.startLine;
  }

  /** Forgets the head and is ready for the next one. */
  reset(): void {
    this.#state = this.#kind === "trailer" ? State.fieldStart : this.#kind === "request" ? State.begin : State.startLine;
    this.#at = 0;
    this.#lineStart = 0;
    this.#skipped = 0;
    this.#kept = undefined;
    this.#keptLength = 0;
    this.head.clear();
    this.fault = undefined;
  }

  /** Whether bytes of a head have come and its end has not. */
  get isPartial(): boolean {
    return this.#at > this.#skipped;
  }

  /**
   * Takes `buffer[start, end)`. Returns the index behind the head, `NEEDS_MORE` (all bytes are taken; the buffer may be
   * reused) or `FAULTY`. Bytes behind the head are not looked at.
   */
  push(buffer: Buffer, start: number, end: number): number {
    if (this.#kept === undefined) {
      const headEnd = this.#scan(buffer, start, end);
      if (headEnd === NEEDS_MORE) this.#keep(buffer, start, end);
      return headEnd;
    }
    const before = this.#keptLength;
    this.#keep(buffer, start, end);
    const headEnd = this.#scan(this.#kept, 0, this.#keptLength);
    return headEnd < 0 ? headEnd : start + headEnd - before;
  }

  #refuse(fault: WireFault): number {
    this.fault = fault;
    return FAULTY;
  }

  #keep(buffer: Buffer, start: number, end: number): void {
    const length = this.#keptLength + end - start;
    if (this.#kept === undefined || this.#kept.length < length) {
      // Room for as much again saves copies; past the limit of a head nothing more will come.
      const grown = Buffer.allocUnsafe(Math.max(length, Math.min(Math.max(1024, length * 2), this.#limits.headBytes)));
      this.#kept?.copy(grown, 0, 0, this.#keptLength);
      this.#kept = grown;
    }
    buffer.copy(this.#kept, this.#keptLength, start, end);
    this.#keptLength = length;
  }

  /** `base` is the index in `buffer` of the first byte of the head. */
  #scan(buffer: Buffer, base: number, end: number): number {
    const limits = this.#limits;
    let state = this.#state;
    let at = base + this.#at;
    while (at < end) {
      switch (state) {
        case State.begin:
          if (buffer[at] === CR) {
            state = State.beginLf;
            at++;
          } else {
            state = State.startLine;
          }
          break;
        case State.beginLf:
          if (buffer[at] !== LF) return this.#refuse("WIRE_LINE_ENDING");
          at++;
          this.#skipped = 2;
          this.#lineStart = 2;
          state = State.startLine;
          break;
        case State.startLine: {
          while (at < end && VALUE[buffer[at] as number] === 1) at++;
          if (at - base - this.#lineStart > limits.startLineBytes) return this.#refuse("WIRE_START_LINE_TOO_LONG");
          if (at === end) break;
          if (buffer[at] !== CR) return this.#refuse(buffer[at] === LF ? "WIRE_LINE_ENDING" : "WIRE_START_LINE");
          const lineStart = base + this.#lineStart;
          const fault =
            this.#kind === "request" ? readRequestLine(this.head, buffer, lineStart, at) : readStatusLine(this.head, buffer, lineStart, at);
          if (fault !== undefined) return this.#refuse(fault);
          at++;
          state = State.startLf;
          break;
        }
        case State.startLf:
        case State.valueLf:
          if (buffer[at] !== LF) return this.#refuse("WIRE_LINE_ENDING");
          at++;
          state = State.fieldStart;
          break;
        case State.fieldStart: {
          const byte = buffer[at] as number;
          if (byte === CR) {
            at++;
            state = State.endLf;
            break;
          }
          if (byte === SP || byte === HTAB) return this.#refuse("WIRE_OBS_FOLD");
          const next = this.#lines(buffer, base, at, end);
          if (next > at) {
            at = next;
            break;
          }
          if (this.head.fieldCount === limits.fieldLines) return this.#refuse("WIRE_TOO_MANY_FIELDS");
          this.#lineStart = at - base;
          state = State.name;
          break;
        }
        case State.name: {
          while (at < end && TOKEN[buffer[at] as number] === 1) at++;
          if (at === end) break;
          if (buffer[at] !== COLON || at - base === this.#lineStart)
            return this.#refuse(buffer[at] === LF ? "WIRE_LINE_ENDING" : "WIRE_FIELD_NAME");
          this.#nameEnd = at - base;
          at++;
          state = State.space;
          break;
        }
        case State.space:
          while (at < end && (buffer[at] === SP || buffer[at] === HTAB)) at++;
          if (at === end) break;
          this.#valueStart = at - base;
          state = State.value;
          break;
        case State.value: {
          while (at < end && VALUE[buffer[at] as number] === 1) at++;
          if (at === end) break;
          if (buffer[at] !== CR) return this.#refuse(buffer[at] === LF ? "WIRE_LINE_ENDING" : "WIRE_FIELD_VALUE");
          if (at - base - this.#lineStart > limits.fieldLineBytes) return this.#refuse("WIRE_FIELD_LINE_TOO_LONG");
          this.#field(buffer, base, at);
          at++;
          state = State.valueLf;
          break;
        }
        default:
          if (buffer[at] !== LF) return this.#refuse("WIRE_LINE_ENDING");
          at++;
          if (at - base - this.#skipped > limits.headBytes) return this.#refuse("WIRE_HEAD_TOO_LARGE");
          this.#state = state;
          this.#at = at - base;
          this.head.complete(buffer.toString("latin1", base + this.#skipped, at));
          return at;
      }
    }
    this.#state = state;
    this.#at = at - base;
    if (state >= State.name && state <= State.value && this.#at - this.#lineStart > limits.fieldLineBytes)
      return this.#refuse("WIRE_FIELD_LINE_TOO_LONG");
    if (this.#at - this.#skipped > limits.headBytes) return this.#refuse("WIRE_HEAD_TOO_LARGE");
    return NEEDS_MORE;
  }

  /**
   * Takes as many lines of the common form (`name: value`, whole, nothing odd about them) as there are from `start` on, and returns where
   * the first that is not begins. What this does not take, the byte-wise states look at again and judge; it only makes heads
   * cheap (measured: 1.2 us for a request of 284 and a response of 184 bytes, text included).
   */
  #lines(buffer: Buffer, base: number, start: number, end: number): number {
    const { fieldLines, fieldLineBytes } = this.#limits;
    const head = this.head;
    const view = this.#viewOf(buffer);
    // Offsets in the head's text, which begins behind what is skipped.
    const origin = base + this.#skipped;
    let at = start;
    for (;;) {
      const lineStart = at;
      while (at < end && TOKEN[buffer[at] as number] === 1) at++;
      const nameEnd = at;
      if (nameEnd === lineStart || at + 4 > end || buffer[at] !== COLON || head.fieldCount === fieldLines) return lineStart;
      const isPlain = buffer[at + 1] === SP;
      at += isPlain ? 2 : 1;
      const valueStart = at;
      at = valueEnd(buffer, view, at, end);
      if (at + 2 > end || buffer[at] !== CR || buffer[at + 1] !== LF || at - lineStart > fieldLineBytes) return lineStart;
      if (at > valueStart && (isSpace(buffer[valueStart]) || isSpace(buffer[at - 1]))) return lineStart;
      const id = fieldIdOf(buffer, lineStart, nameEnd);
      head.addField(lineStart - origin, nameEnd - origin, valueStart - origin, at - origin, id, isPlain);
      at += 2;
    }
  }

  #viewOf(buffer: Buffer): DataView {
    if (this.#viewed !== buffer) {
      this.#viewed = buffer;
      this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    }
    return this.#view;
  }

  /** Takes the field line whose value, with the white space behind it, ends at `lineEnd`. */
  #field(buffer: Buffer, base: number, lineEnd: number): void {
    let end = lineEnd - base;
    while (end > this.#valueStart && isSpace(buffer[base + end - 1])) end--;
    const skipped = this.#skipped;
    const id = fieldIdOf(buffer, base + this.#lineStart, base + this.#nameEnd);
    const isPlain = this.#valueStart === this.#nameEnd + 2 && buffer[base + this.#nameEnd + 1] === SP && end === lineEnd - base;
    this.head.addField(this.#lineStart - skipped, this.#nameEnd - skipped, this.#valueStart - skipped, end - skipped, id, isPlain);
  }
}
