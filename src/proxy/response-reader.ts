import {
  BodyFraming,
  FAULTY,
  FieldId,
  Framing,
  HeadParser,
  type MessageHead,
  NEEDS_MORE,
  type WireFault,
  connectionOptions,
} from "../wire/index.ts";
import { BodyReader, BodyStep } from "./body-reader.ts";
import type { ProxyLimits } from "./options.ts";

/** What {@link ResponseReader.step} found; look at `isWhole` after each. After `upgrade` the bytes are another protocol's. */
export const ResponseStep = { needsMore: 0, interim: 1, upgrade: 2, head: 3, data: 4, faulty: 5 } as const;
export type ResponseStep = (typeof ResponseStep)[keyof typeof ResponseStep];

/** Reads one response after another off a connection's bytes: interim heads, the final head, the body. */
export class ResponseReader {
  readonly #parser: HeadParser;
  readonly #body: BodyReader;
  readonly #interimLimit: number;
  #method = "";
  #interims = 0;
  #isHeadRead = false;
  /** The head that was found last; valid until the next step. */
  readonly head: MessageHead;
  /** How the body comes, once the final head was found. */
  readonly framing = new BodyFraming();
  /** Whether the server lets the connection live after this response. */
  isPersistent = false;
  /** How long the server says that it keeps the connection while it is idle. */
  keptMs = Infinity;
  /** Where the next step continues. */
  next = 0;
  fault: WireFault | undefined = undefined;

  constructor(limits: ProxyLimits) {
    this.#parser = new HeadParser("response", limits.responseHead);
    this.head = this.#parser.head;
    this.#body = new BodyReader(limits.chunked, Infinity);
    this.#interimLimit = limits.interimResponses;
  }

  /** The next response is one to `method`. */
  begin(method: string): void {
    this.#parser.reset();
    this.#method = method;
    this.#interims = 0;
    this.#isHeadRead = false;
  }

  get isWhole(): boolean {
    return this.#isHeadRead && this.#body.isWhole;
  }

  /** Whether the end of the connection is that of the body. */
  get isUntilClose(): boolean {
    return this.#isHeadRead && this.framing.framing === Framing.untilClose;
  }

  /** Where the data of a step stands in the caller's buffer. */
  get dataStart(): number {
    return this.#body.dataStart;
  }

  get dataEnd(): number {
    return this.#body.dataEnd;
  }

  /** The trailer section of a response that is whole. */
  get trailer(): MessageHead | undefined {
    return this.#body.trailer;
  }

  /** Takes from `buffer[start, end)`, which is not empty, up to the next thing; not behind a response that is whole. */
  step(buffer: Buffer, start: number, end: number): ResponseStep {
    if (!this.#isHeadRead) return this.#readHead(buffer, start, end);
    const step = this.#body.step(buffer, start, end);
    this.next = this.#body.next;
    if (step === BodyStep.data) return ResponseStep.data;
    if (step === BodyStep.needsMore) return ResponseStep.needsMore;
    this.fault = this.#body.fault;
    return ResponseStep.faulty;
  }

  #readHead(buffer: Buffer, start: number, end: number): ResponseStep {
    const { head, framing } = this;
    // The interim response that the last step found.
    if (head.text !== "") this.#parser.reset();
    const headEnd = this.#parser.push(buffer, start, end);
    this.next = headEnd === NEEDS_MORE ? end : headEnd;
    if (headEnd === NEEDS_MORE) return ResponseStep.needsMore;
    if (headEnd === FAULTY) return this.#refuse(this.#parser.fault);
    if (head.status === 101) return ResponseStep.upgrade;
    if (head.status < 200) return ++this.#interims > this.#interimLimit ? this.#refuse(undefined) : ResponseStep.interim;
    if (!framing.ofResponse(head, this.#method)) return this.#refuse(framing.fault);
    this.isPersistent =
      head.minorVersion === 1 &&
      framing.framing !== Framing.untilClose &&
      !framing.isContradictory &&
      !connectionOptions(head).includes("close");
    this.keptMs = (head.present & FieldId.keepAlive) === 0 ? Infinity : keptMsOf(head.valueOf(FieldId.keepAlive) ?? "");
    this.#isHeadRead = true;
    this.#body.begin(framing);
    return ResponseStep.head;
  }

  #refuse(fault: WireFault | undefined): ResponseStep {
    this.fault = fault;
    return ResponseStep.faulty;
  }
}

/** `timeout=SECONDS` of a Keep-Alive field (RFC 2068 section 19.7.1.1), as many servers still send it. */
function keptMsOf(value: string): number {
  const seconds = /(?:^|[,\s])timeout=(\d{1,9})/i.exec(value)?.[1];
  return seconds === undefined ? Infinity : Number(seconds) * 1000;
}
