import { COLON, CR, HTAB, LF, SP, TARGET, TOKEN, VALUE, isSpace, valueEnd } from "./bytes.ts";
import type { WireFault } from "./fault.ts";
import { fieldIdOf } from "./field-id.ts";
import type { HeadLimits } from "./limits.ts";

/** What {@link HeadParser.push} answers when it has not seen the whole head. */
export const NEEDS_MORE = -1;
/** What it answers when the bytes were refused; `fault` says why. */
export const FAULTY = -2;

/** What is parsed: a request head, a response head, or the trailer section behind the last chunk. */
export type HeadKind = "request" | "response" | "trailer";

const State = { begin: 0, beginLf: 1, startLine: 2, startLf: 3, fieldStart: 4, name: 5, space: 6, value: 7, valueLf: 8, endLf: 9 } as const;

const FIELD_INTS = 5;
const HTTP = "HTTP/";
const NO_VIEW = new DataView(new ArrayBuffer(0));
/** Beside the field id: the line can be forwarded as it is. */
const PLAIN = 1 << 30;

/**
 * Incremental parser of one message head after another; each byte is looked at once, however it is split. Strict: it accepts the
 * grammar of RFC 9112 sections 2 to 5 with CR LF line ends, no folding and no space before a colon, and refuses the rest.
 * Two liberties the RFC gives are taken: one empty line before a request line (section 2.2), and a status line that ends after the code.
 *
 * The head is kept as one latin1 string and offsets into it: fields become strings when they are asked for, and lines that are
 * forwarded as they came are cut out together.
 *
 * Gotcha: what it holds is valid until `reset`, which must precede the next head.
 */
export class HeadParser {
  readonly #kind: HeadKind;
  readonly #limits: HeadLimits;
  #state: number;
  /** Position of the scan, relative to the first byte of the head. */
  #at = 0;
  #lineStart = 0;
  #nameEnd = 0;
  #valueStart = 0;
  /** Per field: name start, name end, value start, value end, field id. */
  #fields = new Int32Array(24 * FIELD_INTS);
  /** Bytes of a head that came in pieces. */
  #kept: Buffer | undefined = undefined;
  #keptLength = 0;
  /** The buffer `#view` is on: the same one again and again. */
  #viewed: Buffer | undefined = undefined;
  #view: DataView = NO_VIEW;
  /** Bytes before the start line: the empty line that is skipped. */
  #skipped = 0;
  #targetStart = 0;
  #targetEnd = 0;
  #startLineEnd = 0;

  /** The head as latin1, from the start line to the empty line, CR LF included. */
  text = "";
  method = "";
  target = "";
  status = 0;
  reason = "";
  /** 1 for HTTP/1.1, 0 for HTTP/1.0. */
  minorVersion = 1;
  fieldCount = 0;
  /** Bits of the fields that are there, and of those that are there more than once. */
  present = 0;
  repeated = 0;
  /** Whether all lines are plain ({@link HeadParser.isPlainAt}). */
  isPlain = true;
  fault: WireFault | undefined = undefined;

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
    this.text = "";
    this.method = "";
    this.target = "";
    this.fieldCount = 0;
    this.present = 0;
    this.repeated = 0;
    this.isPlain = true;
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

  /** Name of the field at `index` as it was sent. */
  nameAt(index: number): string {
    const at = index * FIELD_INTS;
    return this.text.slice(this.#fields[at], this.#fields[at + 1]);
  }

  /** Value of the field at `index`, without the white space around it. */
  valueAt(index: number): string {
    const at = index * FIELD_INTS;
    return this.text.slice(this.#fields[at + 2], this.#fields[at + 3]);
  }

  idAt(index: number): number {
    return (this.#fields[index * FIELD_INTS + 4] as number) & ~PLAIN;
  }

  /** Where the line of field `index` starts in `text`. */
  lineStartAt(index: number): number {
    return this.#fields[index * FIELD_INTS] as number;
  }

  /** Where the next line starts in `text`. */
  lineEndAt(index: number): number {
    const next = (index + 1) * FIELD_INTS;
    return index + 1 < this.fieldCount ? (this.#fields[next] as number) : this.text.length - 2;
  }

  /** Whether the line is written as `Name: value` with one space and none behind, so that it can be forwarded as it is. */
  isPlainAt(index: number): boolean {
    return ((this.#fields[index * FIELD_INTS + 4] as number) & PLAIN) !== 0;
  }

  /** Value of the first field with this id, undefined when there is none. */
  valueOf(id: number): string | undefined {
    if ((this.present & id) === 0) return undefined;
    for (let index = 0; index < this.fieldCount; index++) if (this.idAt(index) === id) return this.valueAt(index);
    return undefined;
  }

  /** Index in `text` behind the request target: where the version starts is one further. */
  get targetEnd(): number {
    return this.#targetEnd;
  }

  /** Index in `text` of the first field line (or the empty line). */
  get fieldsStart(): number {
    return this.#kind === "trailer" ? 0 : this.#startLineEnd + 2;
  }

  #refuse(fault: WireFault): number {
    this.fault = fault;
    return FAULTY;
  }

  #keep(buffer: Buffer, start: number, end: number): void {
    const length = this.#keptLength + end - start;
    if (this.#kept === undefined || this.#kept.length < length) {
      const grown = Buffer.allocUnsafe(Math.max(1024, length * 2));
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
          if (!this.#startLine(buffer, base, at)) return FAULTY;
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
          if (this.fieldCount === limits.fieldLines) return this.#refuse("WIRE_TOO_MANY_FIELDS");
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
          this.#finish(buffer, base, at);
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
   * cheap (measured: 3.5 us to 1.6 us for a request of 284 and a response of 148 bytes).
   */
  #lines(buffer: Buffer, base: number, start: number, end: number): number {
    const { fieldLines, fieldLineBytes } = this.#limits;
    const view = this.#viewOf(buffer);
    let at = start;
    for (;;) {
      const lineStart = at;
      while (at < end && TOKEN[buffer[at] as number] === 1) at++;
      const nameEnd = at;
      if (nameEnd === lineStart || at + 4 > end || buffer[at] !== COLON || this.fieldCount === fieldLines) return lineStart;
      at += buffer[at + 1] === SP ? 2 : 1;
      const valueStart = at;
      at = valueEnd(buffer, view, at, end);
      if (at + 2 > end || buffer[at] !== CR || buffer[at + 1] !== LF || at - lineStart > fieldLineBytes) return lineStart;
      if (at > valueStart && (isSpace(buffer[valueStart]) || isSpace(buffer[at - 1]))) return lineStart;
      this.#lineStart = lineStart - base;
      this.#nameEnd = nameEnd - base;
      this.#valueStart = valueStart - base;
      this.#field(buffer, base, at);
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

  #field(buffer: Buffer, base: number, valueEnd: number): void {
    let end = valueEnd - base;
    while (end > this.#valueStart && (buffer[base + end - 1] === SP || buffer[base + end - 1] === HTAB)) end--;
    const at = this.fieldCount * FIELD_INTS;
    if (at === this.#fields.length) {
      const grown = new Int32Array(this.#fields.length * 2);
      grown.set(this.#fields);
      this.#fields = grown;
    }
    const skipped = this.#skipped;
    const id = fieldIdOf(buffer, base + this.#lineStart, base + this.#nameEnd);
    const fields = this.#fields;
    fields[at] = this.#lineStart - skipped;
    fields[at + 1] = this.#nameEnd - skipped;
    fields[at + 2] = this.#valueStart - skipped;
    fields[at + 3] = end - skipped;
    const isPlain = this.#valueStart === this.#nameEnd + 2 && buffer[base + this.#nameEnd + 1] === SP && end === valueEnd - base;
    fields[at + 4] = isPlain ? id | PLAIN : id;
    this.isPlain = this.isPlain && isPlain;
    this.repeated |= this.present & id;
    this.present |= id;
    this.fieldCount++;
  }

  #startLine(buffer: Buffer, base: number, end: number): boolean {
    return this.#kind === "request" ? this.#requestLine(buffer, base + this.#lineStart, end) : this.#statusLine(buffer, base, end);
  }

  // RFC 9112 section 3: method SP request-target SP HTTP-version
  #requestLine(buffer: Buffer, start: number, end: number): boolean {
    let at = start;
    while (at < end && TOKEN[buffer[at] as number] === 1) at++;
    if (at === start || at === end || buffer[at] !== SP) return this.#refuse(at === end ? "WIRE_START_LINE" : "WIRE_METHOD") === 0;
    const targetStart = ++at;
    while (at < end && TARGET[buffer[at] as number] === 1) at++;
    if (at === targetStart || at === end || buffer[at] !== SP) {
      return this.#refuse(at === end || at === targetStart ? "WIRE_START_LINE" : "WIRE_TARGET") === 0;
    }
    if (!this.#version(buffer, at + 1, end)) return false;
    this.#targetStart = targetStart - start;
    this.#targetEnd = at - start;
    this.#startLineEnd = end - start;
    return true;
  }

  // RFC 9112 section 4: HTTP-version SP status-code SP [ reason-phrase ]
  #statusLine(buffer: Buffer, start: number, end: number): boolean {
    if (end - start < 12) return this.#refuse("WIRE_START_LINE") === 0;
    if (!this.#version(buffer, start, start + 8)) return false;
    if (buffer[start + 8] !== SP) return this.#refuse("WIRE_START_LINE") === 0;
    let status = 0;
    for (let at = start + 9; at < start + 12; at++) {
      const digit = (buffer[at] as number) - 0x30;
      if (digit < 0 || digit > 9) return this.#refuse("WIRE_STATUS") === 0;
      status = status * 10 + digit;
    }
    if (status < 100 || status > 599) return this.#refuse("WIRE_STATUS") === 0;
    if (end - start > 12 && buffer[start + 12] !== SP) return this.#refuse("WIRE_STATUS") === 0;
    this.status = status;
    this.#startLineEnd = end - start;
    return true;
  }

  #version(buffer: Buffer, start: number, end: number): boolean {
    const major = (buffer[start + 5] as number) - 0x30;
    const minor = (buffer[start + 7] as number) - 0x30;
    if (end - start !== 8 || buffer[start + 6] !== 0x2e || minor < 0 || minor > 9 || major < 0 || major > 9)
      return this.#refuse("WIRE_VERSION") === 0;
    for (let at = 0; at < 5; at++) if (buffer[start + at] !== HTTP.charCodeAt(at)) return this.#refuse("WIRE_VERSION") === 0;
    if (major !== 1 || minor > 1) return this.#refuse("WIRE_VERSION_UNSUPPORTED") === 0;
    this.minorVersion = minor;
    return true;
  }

  #finish(buffer: Buffer, base: number, end: number): void {
    this.text = buffer.toString("latin1", base + this.#skipped, end);
    if (this.#kind === "request") {
      this.method = this.text.slice(0, this.#targetStart - 1);
      this.target = this.text.slice(this.#targetStart, this.#targetEnd);
    } else if (this.#kind === "response") {
      this.reason = this.#startLineEnd > 13 ? this.text.slice(13, this.#startLineEnd) : "";
    }
  }
}
