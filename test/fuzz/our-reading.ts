import {
  BodyFraming,
  ChunkStep,
  ChunkedDecoder,
  FAULTY,
  Framing,
  HeadParser,
  type MessageHead,
  NEEDS_MORE,
  RequestTarget,
  type WireFault,
  defaultHeadLimits,
  defaultTrailerLimits,
} from "../../src/wire/index.ts";
import type { LlhttpKind, LlhttpMessage } from "../../src/wire/testing/llhttp.ts";

/** What our parser made of the first message in some bytes. */
export interface OurReading {
  /** Why it was refused; undefined when it is whole or more must come. */
  readonly fault: WireFault | undefined;
  /** The message when it is whole. */
  readonly message: LlhttpMessage | undefined;
  /** Bytes behind which a whole message ends. */
  readonly consumed: number;
}

const PARTIAL: OurReading = { fault: undefined, message: undefined, consumed: 0 };

function refused(fault: WireFault | undefined): OurReading {
  return { fault: fault ?? "WIRE_START_LINE", message: undefined, consumed: 0 };
}

/** Reads the first message of what comes in these pieces; the connection ends behind them. An answer is one to GET. */
export function readOurs(kind: LlhttpKind, pieces: readonly Buffer[]): OurReading {
  const parser = new HeadParser(kind, defaultHeadLimits);
  const framing = new BodyFraming();
  const decoder = new ChunkedDecoder({ extensionBytes: 16_384, trailer: defaultTrailerLimits });
  let isInBody = false;
  let body = "";
  let left = 0;
  let before = 0;
  for (const piece of pieces) {
    let at = 0;
    if (!isInBody) {
      at = parser.push(piece, 0, piece.length);
      if (at === FAULTY) return refused(parser.fault);
      if (at === NEEDS_MORE) {
        before += piece.length;
        continue;
      }
      const fault = headFault(kind, parser.head, framing);
      if (fault !== undefined) return refused(fault);
      isInBody = true;
      left = framing.lengthBytes;
      if (framing.framing === Framing.none) return whole(kind, parser.head, undefined, "", before + at);
    }
    if (framing.framing === Framing.chunked) {
      let step: ChunkStep = ChunkStep.data;
      while (step === ChunkStep.data) {
        step = decoder.step(piece, at, piece.length);
        if (step === ChunkStep.faulty) return refused(decoder.fault);
        if (step === ChunkStep.data) body += piece.toString("latin1", decoder.dataStart, decoder.dataEnd);
        if (step === ChunkStep.end) return whole(kind, parser.head, decoder.trailer, body, before + decoder.next);
        at = decoder.next;
      }
    } else {
      const length = framing.framing === Framing.length ? Math.min(left, piece.length - at) : piece.length - at;
      body += piece.toString("latin1", at, at + length);
      left -= length;
      if (framing.framing === Framing.length && left === 0) return whole(kind, parser.head, undefined, body, before + at + length);
    }
    before += piece.length;
  }
  return isInBody && framing.framing === Framing.untilClose ? whole(kind, parser.head, undefined, body, before) : PARTIAL;
}

function headFault(kind: LlhttpKind, head: MessageHead, framing: BodyFraming): WireFault | undefined {
  if (kind === "response") return framing.ofResponse(head, "GET") ? undefined : framing.fault;
  const target = new RequestTarget();
  if (!target.read(head)) return target.fault;
  return framing.ofRequest(head) ? undefined : framing.fault;
}

function whole(kind: LlhttpKind, head: MessageHead, trailer: MessageHead | undefined, body: string, consumed: number): OurReading {
  const message = {
    method: kind === "request" ? head.method : "",
    target: kind === "request" ? head.target : "",
    status: head.status,
    minorVersion: head.minorVersion,
    fields: listOf(head),
    trailers: trailer === undefined ? [] : listOf(trailer),
    body,
  };
  return { fault: undefined, message, consumed };
}

function listOf(head: MessageHead): string[] {
  return Array.from({ length: head.fieldCount }, (_, index) => [head.nameAt(index), head.valueAt(index)]).flat();
}
