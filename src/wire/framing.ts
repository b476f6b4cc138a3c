import type { WireFault } from "./fault.ts";
import { FieldId } from "./field-id.ts";
import type { MessageHead } from "./message-head.ts";

/** How the end of a body is found (RFC 9112 section 6.3). */
export const Framing = { none: 0, length: 1, chunked: 2, untilClose: 3 } as const;
export type Framing = (typeof Framing)[keyof typeof Framing];

/**
 * Decides the framing of one message after another; the decision stands in its fields, so that nothing is allocated.
 * A message whose length two readers could see differently is refused, not interpreted.
 */
export class BodyFraming {
  framing: Framing = Framing.none;
  /** Body length for `Framing.length`, else 0. */
  lengthBytes = 0;
  /** Whether a response that has no body by its status says that it has one (RFC 9110 section 8.6, RFC 9112 section 6.1). */
  isContradictory = false;
  fault: WireFault | undefined = undefined;

  /** RFC 9112 section 6.3 for a request. False when the message must be refused with `fault`. */
  ofRequest(head: MessageHead): boolean {
    if (!this.#fields(head, Framing.none)) return false;
    // RFC 9110 section 9.3.8.
    if (this.framing !== Framing.none && head.method === "TRACE") return this.#refuse("WIRE_TRACE_CONTENT");
    return true;
  }

  /**
   * RFC 9112 section 6.3 for a response to `method`. An upgrade (101) has no body here: what follows is the other protocol.
   * What a 1xx, 204, 304 or an answer to HEAD says about a length describes no bytes; it is still checked.
   */
  ofResponse(head: MessageHead, method: string): boolean {
    if (!this.#fields(head, Framing.untilClose)) return false;
    const status = head.status;
    this.isContradictory = status === 204 && (this.framing === Framing.chunked || this.lengthBytes > 0);
    if (status < 200 || status === 204 || status === 304 || method === "HEAD") {
      this.framing = Framing.none;
      this.lengthBytes = 0;
    }
    return true;
  }

  #fields(head: MessageHead, otherwise: Framing): boolean {
    this.fault = undefined;
    this.lengthBytes = 0;
    if ((head.present & FieldId.framingLookalike) !== 0) return this.#refuse("WIRE_FRAMING_LOOKALIKE");
    const framed = head.present & (FieldId.contentLength | FieldId.transferEncoding);
    if (framed === 0) {
      this.framing = otherwise;
      return true;
    }
    if (framed === FieldId.contentLength) {
      const length = (head.repeated & FieldId.contentLength) === 0 ? parseContentLength(head.valueOf(FieldId.contentLength) ?? "") : -1;
      if (length < 0) return this.#refuse("WIRE_CONTENT_LENGTH");
      this.framing = Framing.length;
      this.lengthBytes = length;
      return true;
    }
    if (framed !== FieldId.transferEncoding) return this.#refuse("WIRE_LENGTH_AND_CODING");
    if (head.minorVersion === 0) return this.#refuse("WIRE_CODING_IN_HTTP10");
    if ((head.repeated & FieldId.transferEncoding) !== 0) return this.#refuse("WIRE_CODING_REPEATED");
    const coding = head.valueOf(FieldId.transferEncoding) ?? "";
    if (coding.length !== 7 || coding.toLowerCase() !== "chunked") return this.#refuse("WIRE_CODING_UNSUPPORTED");
    this.framing = Framing.chunked;
    return true;
  }

  #refuse(fault: WireFault): false {
    this.fault = fault;
    return false;
  }
}

/** `1*DIGIT` (RFC 9110 section 8.6) up to 2^53-1; -1 for anything else. */
export function parseContentLength(value: string): number {
  if (value.length === 0 || value.length > 16) return -1;
  let length = 0;
  for (let at = 0; at < value.length; at++) {
    const digit = value.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  return length <= Number.MAX_SAFE_INTEGER ? length : -1;
}
