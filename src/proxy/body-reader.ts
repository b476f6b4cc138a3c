import {
  type BodyFraming,
  ChunkStep,
  ChunkedDecoder,
  type ChunkedLimits,
  Framing,
  type MessageHead,
  type WireFault,
} from "../wire/index.ts";

/** What {@link BodyReader.step} found. */
export const BodyStep = { needsMore: 0, data: 1, tooLarge: 2, faulty: 3 } as const;
export type BodyStep = (typeof BodyStep)[keyof typeof BodyStep];

/** Cuts the body of one message after another out of a connection's bytes, whatever its framing. */
export class BodyReader {
  readonly #limits: ChunkedLimits;
  readonly #limitBytes: number;
  #decoder: ChunkedDecoder | undefined = undefined;
  #isChunked = false;
  /** Bytes of a chunked body so far. */
  #bytes = 0;
  /** Bytes still to come: Infinity up to the end of the connection, 0 for a chunked body. */
  leftBytes = 0;
  isWhole = true;
  dataStart = 0;
  dataEnd = 0;
  /** Where the next step continues. */
  next = 0;
  fault: WireFault | undefined = undefined;

  constructor(limits: ChunkedLimits, limitBytes: number) {
    this.#limits = limits;
    this.#limitBytes = limitBytes;
  }

  /** Starts on a body. False when it says that it is over the limit. */
  begin(framing: BodyFraming): boolean {
    this.#isChunked = framing.framing === Framing.chunked;
    this.#bytes = 0;
    this.leftBytes = framing.framing === Framing.untilClose ? Infinity : framing.lengthBytes;
    this.isWhole = !this.#isChunked && this.leftBytes === 0;
    if (this.#isChunked) (this.#decoder ??= new ChunkedDecoder(this.#limits)).reset();
    return framing.lengthBytes <= this.#limitBytes;
  }

  /** The trailer section of a chunked body that is whole. */
  get trailer(): MessageHead | undefined {
    return this.#isChunked ? this.#decoder?.trailer : undefined;
  }

  /** Takes from `buffer[start, end)`, which is not empty; look at `isWhole` and `next` after each step. */
  step(buffer: Buffer, start: number, end: number): BodyStep {
    if (this.#isChunked) return this.#chunks(this.#decoder as ChunkedDecoder, buffer, start, end);
    this.dataStart = start;
    this.dataEnd = Math.min(end, start + this.leftBytes);
    this.next = this.dataEnd;
    this.leftBytes -= this.dataEnd - start;
    this.isWhole = this.leftBytes === 0;
    return BodyStep.data;
  }

  #chunks(decoder: ChunkedDecoder, buffer: Buffer, start: number, end: number): BodyStep {
    const step = decoder.step(buffer, start, end);
    this.next = decoder.next;
    if (step === ChunkStep.faulty) {
      this.fault = decoder.fault;
      return BodyStep.faulty;
    }
    this.isWhole = step === ChunkStep.end;
    if (step !== ChunkStep.data) return BodyStep.needsMore;
    this.dataStart = decoder.dataStart;
    this.dataEnd = decoder.dataEnd;
    this.#bytes += this.dataEnd - this.dataStart;
    return this.#bytes > this.#limitBytes ? BodyStep.tooLarge : BodyStep.data;
  }
}
