import { SP, TARGET, TOKEN } from "./bytes.ts";
import type { WireFault } from "./fault.ts";
import type { MessageHead } from "./message-head.ts";

const HTTP = "HTTP/";

/**
 * RFC 9112 section 3: method SP request-target SP HTTP-version. Reads the line `buffer[start, end)`, without its CR LF, into `head`;
 * returns why it is refused, or undefined.
 */
export function readRequestLine(head: MessageHead, buffer: Buffer, start: number, end: number): WireFault | undefined {
  let at = start;
  while (at < end && TOKEN[buffer[at] as number] === 1) at++;
  if (at === end) return "WIRE_START_LINE";
  if (at === start || buffer[at] !== SP) return "WIRE_METHOD";
  const targetStart = ++at;
  while (at < end && TARGET[buffer[at] as number] === 1) at++;
  if (at === end || at === targetStart) return "WIRE_START_LINE";
  if (buffer[at] !== SP) return "WIRE_TARGET";
  head.targetStart = targetStart - start;
  head.targetEnd = at - start;
  head.fieldsStart = end + 2 - start;
  return readVersion(head, buffer, at + 1, end);
}

/** RFC 9112 section 4: HTTP-version SP status-code SP [ reason-phrase ]; the last SP may be missing. As {@link readRequestLine}. */
export function readStatusLine(head: MessageHead, buffer: Buffer, start: number, end: number): WireFault | undefined {
  if (end - start < 12) return "WIRE_START_LINE";
  const fault = readVersion(head, buffer, start, start + 8);
  if (fault !== undefined) return fault;
  if (buffer[start + 8] !== SP) return "WIRE_START_LINE";
  let status = 0;
  for (let at = start + 9; at < start + 12; at++) {
    const digit = (buffer[at] as number) - 0x30;
    if (digit < 0 || digit > 9) return "WIRE_STATUS";
    status = status * 10 + digit;
  }
  if (status < 100 || status > 599) return "WIRE_STATUS";
  if (end - start > 12 && buffer[start + 12] !== SP) return "WIRE_STATUS";
  head.status = status;
  head.fieldsStart = end + 2 - start;
  return undefined;
}

function readVersion(head: MessageHead, buffer: Buffer, start: number, end: number): WireFault | undefined {
  const major = (buffer[start + 5] as number) - 0x30;
  const minor = (buffer[start + 7] as number) - 0x30;
  if (end - start !== 8 || buffer[start + 6] !== 0x2e || minor < 0 || minor > 9 || major < 0 || major > 9) return "WIRE_VERSION";
  for (let at = 0; at < 5; at++) if (buffer[start + at] !== HTTP.charCodeAt(at)) return "WIRE_VERSION";
  if (major !== 1 || minor > 1) return "WIRE_VERSION_UNSUPPORTED";
  head.minorVersion = minor;
  return undefined;
}
