import {
  BodyFraming,
  ChunkStep,
  ChunkedDecoder,
  FAULTY,
  FieldId,
  Framing,
  HeadParser,
  type MessageHead,
  NEEDS_MORE,
  connectionOptions,
  defaultHeadLimits,
  defaultTrailerLimits,
} from "../../../wire/index.ts";

/** What {@link AnswerReader.read} found. */
export const Answer = { needsMore: 0, whole: 1, malformed: 2 } as const;

/** As much of a body is looked at; what comes behind is counted only. */
const LOOKED_AT_BYTES = 65_536;
const INTERIM_LIMIT = 16;

/** Reads one answer after another off a connection. */
export class AnswerReader {
  readonly #parser = new HeadParser("response", defaultHeadLimits);
  readonly #framing = new BodyFraming();
  #chunked: ChunkedDecoder | undefined = undefined;
  #method = "GET";
  #keepsBody = false;
  #isHeadRead = false;
  #left = 0;
  #interims = 0;
  #body: Buffer[] = [];
  #bodyBytes = 0;
  /** Whether any byte of this answer has come. */
  hasBegun = false;
  /** Whether the connection may be used again. */
  isPersistent = false;
  /** Behind the answer that was whole. */
  end = 0;

  get head(): MessageHead {
    return this.#parser.head;
  }

  get isHeadRead(): boolean {
    return this.#isHeadRead;
  }

  /** What was kept of the body. */
  get body(): Buffer {
    return this.#body.length === 1 ? (this.#body[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#body);
  }

  begin(method: string, keepsBody: boolean): void {
    this.#parser.reset();
    this.#method = method;
    this.#keepsBody = keepsBody;
    this.#isHeadRead = false;
    this.#interims = 0;
    this.#bodyBytes = 0;
    if (this.#body.length > 0) this.#body = [];
    this.hasBegun = false;
    this.isPersistent = false;
  }

  read(buffer: Buffer, start: number, end: number): number {
    this.hasBegun = true;
    let at = start;
    while (!this.#isHeadRead) {
      const headEnd = this.#parser.push(buffer, at, end);
      if (headEnd === NEEDS_MORE) return Answer.needsMore;
      if (headEnd === FAULTY) return Answer.malformed;
      at = headEnd;
      const { head } = this.#parser;
      if (head.status === 101) return Answer.malformed;
      if (head.status >= 200) {
        if (!this.#takeHead(head)) return Answer.malformed;
        break;
      }
      if (++this.#interims > INTERIM_LIMIT) return Answer.malformed;
      this.#parser.reset();
    }
    return this.#readBody(buffer, at, end);
  }

  /** Whether the end of the connection is that of the body, which has begun. */
  get endsWithConnection(): boolean {
    return this.#isHeadRead && this.#framing.framing === Framing.untilClose;
  }

  #takeHead(head: MessageHead): boolean {
    if (!this.#framing.ofResponse(head, this.#method)) return false;
    this.#isHeadRead = true;
    const { framing } = this.#framing;
    this.#left = this.#framing.lengthBytes;
    if (framing === Framing.chunked) {
      this.#chunked ??= new ChunkedDecoder({ extensionBytes: 16_384, trailer: defaultTrailerLimits });
      this.#chunked.reset();
    }
    this.isPersistent =
      head.minorVersion === 1 &&
      framing !== Framing.untilClose &&
      ((head.present & FieldId.connection) === 0 || !connectionOptions(head).includes("close"));
    return true;
  }

  #readBody(buffer: Buffer, start: number, end: number): number {
    const { framing } = this.#framing;
    if (framing === Framing.chunked) return this.#readChunks(buffer, start, end);
    const dataEnd = framing === Framing.untilClose ? end : Math.min(end, start + this.#left);
    this.#keep(buffer, start, dataEnd);
    this.#left -= dataEnd - start;
    this.end = dataEnd;
    return framing === Framing.untilClose || this.#left > 0 ? Answer.needsMore : Answer.whole;
  }

  #readChunks(buffer: Buffer, start: number, end: number): number {
    const decoder = this.#chunked;
    if (decoder === undefined) return Answer.malformed;
    let at = start;
    while (at < end) {
      const step = decoder.step(buffer, at, end);
      at = decoder.next;
      if (step === ChunkStep.data) this.#keep(buffer, decoder.dataStart, decoder.dataEnd);
      else if (step === ChunkStep.end) {
        this.end = at;
        return Answer.whole;
      } else return step === ChunkStep.faulty ? Answer.malformed : Answer.needsMore;
    }
    return Answer.needsMore;
  }

  #keep(buffer: Buffer, start: number, end: number): void {
    if (!this.#keepsBody || start >= end) return;
    const kept = Math.min(end - start, LOOKED_AT_BYTES - this.#bodyBytes);
    if (kept > 0) this.#body.push(Buffer.from(buffer.subarray(start, start + kept)));
    this.#bodyBytes += kept;
  }
}
