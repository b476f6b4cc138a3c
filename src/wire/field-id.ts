/**
 * Field names the engine itself reads. Each is one bit, so that what stands in a head is a mask and a test is one AND.
 * Names and order are of no meaning outside this process.
 */
export const FieldId = {
  other: 0,
  host: 1 << 0,
  connection: 1 << 1,
  contentLength: 1 << 2,
  transferEncoding: 1 << 3,
  expect: 1 << 4,
  upgrade: 1 << 5,
  te: 1 << 6,
  trailer: 1 << 7,
  keepAlive: 1 << 8,
  proxyConnection: 1 << 9,
  proxyAuthorization: 1 << 10,
  proxyAuthenticate: 1 << 11,
  xForwardedFor: 1 << 12,
  xForwardedProto: 1 << 13,
  xForwardedPort: 1 << 14,
  xForwardedHost: 1 << 15,
  http2Settings: 1 << 16,
  userAgent: 1 << 17,
  referer: 1 << 18,
  date: 1 << 19,
  /** `Content_Length` or `Transfer_Encoding`: another field by RFC, the same one for back ends that read `_` as `-` (CGI, WSGI). */
  framingLookalike: 1 << 20,
} as const;
export type FieldId = (typeof FieldId)[keyof typeof FieldId];

const NAMES: readonly (readonly [string, number])[] = [
  ["host", FieldId.host],
  ["connection", FieldId.connection],
  ["content-length", FieldId.contentLength],
  ["transfer-encoding", FieldId.transferEncoding],
  ["expect", FieldId.expect],
  ["upgrade", FieldId.upgrade],
  ["te", FieldId.te],
  ["trailer", FieldId.trailer],
  ["keep-alive", FieldId.keepAlive],
  ["proxy-connection", FieldId.proxyConnection],
  ["proxy-authorization", FieldId.proxyAuthorization],
  ["proxy-authenticate", FieldId.proxyAuthenticate],
  ["x-forwarded-for", FieldId.xForwardedFor],
  ["x-forwarded-proto", FieldId.xForwardedProto],
  ["x-forwarded-port", FieldId.xForwardedPort],
  ["x-forwarded-host", FieldId.xForwardedHost],
  ["http2-settings", FieldId.http2Settings],
  ["user-agent", FieldId.userAgent],
  ["referer", FieldId.referer],
  ["date", FieldId.date],
  ["content_length", FieldId.framingLookalike],
  ["transfer_encoding", FieldId.framingLookalike],
];

const LONGEST = 19;

interface Candidate {
  readonly bytes: Uint8Array;
  readonly id: number;
}

/** Candidates by length and first letter of the name: nearly always none or one. */
const CANDIDATES: readonly (readonly Candidate[])[] = Array.from({ length: (LONGEST + 1) * 32 }, (_, slot) =>
  NAMES.filter(([name]) => slotOf(name.length, name.charCodeAt(0)) === slot).map(([name, id]) => ({
    bytes: new TextEncoder().encode(name).map((byte) => byte | 0x20),
    id,
  })),
);

function slotOf(length: number, first: number): number {
  return length * 32 + (first & 31);
}

/** Which field the name in `buffer[start, end)` is, ASCII case aside; `FieldId.other` (0) for all that are not listed. */
export function fieldIdOf(buffer: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length > LONGEST) return FieldId.other;
  const candidates = CANDIDATES[slotOf(length, buffer[start] as number)] as readonly Candidate[];
  for (let at = 0; at < candidates.length; at++) {
    const candidate = candidates[at] as Candidate;
    if (matches(buffer, start, candidate.bytes)) return candidate.id;
  }
  return FieldId.other;
}

const BY_NAME: ReadonlyMap<string, number> = new Map(NAMES);

/** The same for a name that is a string already. */
export function fieldIdOfName(name: string): number {
  return name.length > LONGEST ? FieldId.other : (BY_NAME.get(name.toLowerCase()) ?? FieldId.other);
}

// Both sides have 0x20 set: it lowers letters, makes "_" a DEL, which no name has, and leaves "-" and digits as they are. A control
// character can not become "-", because names are tokens.
function matches(buffer: Uint8Array, start: number, lower: Uint8Array): boolean {
  for (let at = 0; at < lower.length; at++) {
    if (((buffer[start + at] as number) | 0x20) !== lower[at]) return false;
  }
  return true;
}
