import { isIPv6 } from "node:net";
import type { WireFault } from "./fault.ts";
import { FieldId } from "./field-id.ts";
import type { MessageHead } from "./message-head.ts";

// uri-host [ ":" port ] as it is used: a registered name of letters, digits and "-._~", or an IP literal. Percent-encoding and
// sub-delims, which RFC 3986 section 3.2.2 would allow, are refused: no host has them and readers differ in what they make of them.
const AUTHORITY = /^(?:[A-Za-z0-9._~-]{1,255}|\[([0-9A-Fa-f:.]{2,45})\])(?::(\d{1,5}))?$/;
const ABSOLUTE = /^(https?):\/\/([^/?]*)(.*)$/i;

/** What a request is addressed to, read from its target and Host (RFC 9112 section 3.2 and 3.3). One object is used for request after request. */
export class RequestTarget {
  /** Host as it is to be forwarded: that of an absolute-form target, else the Host field; empty for HTTP/1.0 without one. */
  authority = "";
  /** Origin-form: path and query. `*` for `OPTIONS *`. */
  originForm = "";
  /** Whether the target was in absolute form, so that the start line can not be forwarded as it came. */
  isAbsolute = false;
  fault: WireFault | undefined = undefined;
  #checkedAuthority = "";

  /** False when the request must be refused with `fault`. CONNECT is not for an origin and its reverse proxy: the caller answers it. */
  read(head: MessageHead): boolean {
    this.fault = undefined;
    this.isAbsolute = false;
    this.originForm = head.target;
    if ((head.repeated & FieldId.host) !== 0) return this.#refuse("WIRE_HOST");
    const host = head.valueOf(FieldId.host);
    if (host === undefined) {
      // RFC 9112 section 3.2: only HTTP/1.0 may leave it out.
      if (head.minorVersion === 1) return this.#refuse("WIRE_HOST");
      this.authority = "";
    } else {
      if (!this.#isAuthority(host)) return this.#refuse("WIRE_HOST");
      // The same string request after request: what compares it with the one before need not look at its characters.
      this.authority = this.#checkedAuthority;
    }
    if (head.target.charCodeAt(0) === 0x2f) return head.method !== "CONNECT" || this.#refuse("WIRE_TARGET_FORM");
    if (head.method === "CONNECT")
      return this.#isAuthority(head.target) && head.target.includes(":") ? true : this.#refuse("WIRE_TARGET_FORM");
    if (head.target === "*") return head.method === "OPTIONS" || this.#refuse("WIRE_TARGET_FORM");
    return this.#absolute(head, host);
  }

  // Connections repeat their Host request after request: the one that passed last is not read again.
  #isAuthority(value: string): boolean {
    if (value === this.#checkedAuthority && value !== "") return true;
    const match = AUTHORITY.exec(value);
    if (match === null || Number(match[2] ?? 0) > 65_535) return false;
    if (match[1] !== undefined && !isIPv6(match[1])) return false;
    this.#checkedAuthority = value;
    return true;
  }

  // Section 3.2.2 has a proxy replace Host by the target's. One that says something else is refused, as two answers to
  // "which host" are two routes; the same one in other letters passes.
  #absolute({ method, target }: MessageHead, host: string | undefined): boolean {
    const match = ABSOLUTE.exec(target);
    const authority = match?.[2] ?? "";
    if (match === null || !this.#isAuthority(authority)) return this.#refuse("WIRE_TARGET_FORM");
    if (host !== undefined && host.toLowerCase() !== authority.toLowerCase()) return this.#refuse("WIRE_HOST");
    this.authority = authority;
    this.isAbsolute = true;
    const rest = match[3] ?? "";
    // Section 3.2.4: without path and query OPTIONS is about the whole host.
    if (rest === "" && method === "OPTIONS") this.originForm = "*";
    else this.originForm = rest.startsWith("/") ? rest : `/${rest}`;
    return true;
  }

  #refuse(fault: WireFault): false {
    this.fault = fault;
    return false;
  }
}
