import { SocketAddress, isIPv4, isIPv6 } from "node:net";

/** Why a connection that should begin with a PROXY header was closed. */
export type ProxyHeaderFault = "malformed" | "tooLarge" | "checksum" | "untrusted" | "timeout" | "closed";

/** Who connected to the proxy in front, and to which of its addresses. */
export interface ProxiedAddresses {
  readonly sourceAddress: string;
  readonly sourcePort: number;
  readonly destinationAddress: string;
  readonly destinationPort: number;
}

/** A whole header. */
export interface ProxyHeader {
  /** Undefined when the header speaks of no other connection (`UNKNOWN`, `LOCAL`, `AF_UNSPEC`, `AF_UNIX`): the real addresses count. */
  readonly addresses: ProxiedAddresses | undefined;
  /** Bytes it takes; what is behind belongs to the connection. */
  readonly bytes: number;
}

/** Header of version 2 with everything in it; that of version 1 is shorter anyway (107 bytes). */
export const PROXY_HEADER_BYTES = 4_096;

const SIGNATURE = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
const LONGEST_LINE = 107;
const FIXED_BYTES = 16;
/** Address bytes by family: AF_UNSPEC, AF_INET, AF_INET6, AF_UNIX. */
const ADDRESS_BYTES: readonly number[] = [0, 12, 36, 216];
const TLV_CRC32C = 0x03;

const LINE = /^PROXY (?:UNKNOWN(?: [\x20-\x7e]*)?|TCP([46]) (\S+) (\S+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4}))\r\n$/;

/**
 * Reads the header at the start of `bytes` (haproxy.org, "The PROXY protocol", versions 1 and 2). Returns undefined while more bytes
 * are needed, or why it is none: a connection that lies in its first bytes is not read on.
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader | ProxyHeaderFault | undefined {
  if (bytes.length === 0) return undefined;
  return bytes[0] === SIGNATURE[0] ? readBinary(bytes) : readLine(bytes);
}

function readLine(bytes: Buffer): ProxyHeader | ProxyHeaderFault | undefined {
  const start = bytes.toString("latin1", 0, Math.min(6, bytes.length));
  if (!"PROXY ".startsWith(start)) return "malformed";
  const lf = bytes.subarray(0, LONGEST_LINE).indexOf(0x0a);
  if (lf < 0) return bytes.length >= LONGEST_LINE ? "tooLarge" : undefined;
  const match = LINE.exec(bytes.toString("latin1", 0, lf + 1));
  if (match === null) return "malformed";
  const [, family, sourceAddress = "", destinationAddress = "", sourcePort, destinationPort] = match;
  if (family === undefined) return { addresses: undefined, bytes: lf + 1 };
  const isAddress = family === "4" ? isIPv4 : isIPv6;
  const addresses = { sourceAddress, sourcePort: Number(sourcePort), destinationAddress, destinationPort: Number(destinationPort) };
  if (!isAddress(sourceAddress) || !isAddress(destinationAddress)) return "malformed";
  // `fe80::1%eth0` is an address of the machine that wrote it.
  if (sourceAddress.includes("%") || destinationAddress.includes("%")) return "malformed";
  if (addresses.sourcePort > 65_535 || addresses.destinationPort > 65_535) return "malformed";
  return { addresses, bytes: lf + 1 };
}

function readBinary(bytes: Buffer): ProxyHeader | ProxyHeaderFault | undefined {
  const known = Math.min(bytes.length, SIGNATURE.length);
  if (bytes.compare(SIGNATURE, 0, known, 0, known) !== 0) return "malformed";
  if (bytes.length < FIXED_BYTES) return undefined;
  const command = bytes[12] as number;
  const transport = bytes[13] as number;
  const family = transport >> 4;
  const end = FIXED_BYTES + bytes.readUInt16BE(14);
  if (end > PROXY_HEADER_BYTES) return "tooLarge";
  if (command !== 0x20 && command !== 0x21) return "malformed";
  // STREAM is the only transport that can have led here; UNSPEC says that the sender does not know.
  if ((transport & 0x0f) > 1 || (family === 0) !== ((transport & 0x0f) === 0)) return "malformed";
  const addressBytes = ADDRESS_BYTES[family];
  if (addressBytes === undefined || FIXED_BYTES + addressBytes > end) return "malformed";
  if (bytes.length < end) return undefined;
  // What stands behind AF_UNSPEC is not said to be TLVs.
  const fault = family === 0 ? undefined : readTlvs(bytes, FIXED_BYTES + addressBytes, end);
  if (fault !== undefined) return fault;
  const isProxied = command === 0x21 && (family === 1 || family === 2);
  return { addresses: isProxied ? binaryAddresses(bytes, family === 1 ? 4 : 16) : undefined, bytes: end };
}

/** Each type-length-value must be whole; a checksum must be right. */
function readTlvs(bytes: Buffer, start: number, end: number): ProxyHeaderFault | undefined {
  for (let at = start; at < end;) {
    if (at + 3 > end) return "malformed";
    const valueStart = at + 3;
    const next = valueStart + bytes.readUInt16BE(at + 1);
    if (next > end) return "malformed";
    if (bytes[at] === TLV_CRC32C) {
      if (next - valueStart !== 4) return "malformed";
      const copy = Buffer.from(bytes.subarray(0, end));
      copy.fill(0, valueStart, next);
      if (crc32c(copy) !== bytes.readUInt32BE(valueStart)) return "checksum";
    }
    at = next;
  }
  return undefined;
}

function binaryAddresses(bytes: Buffer, width: number): ProxiedAddresses {
  const sourceEnd = FIXED_BYTES + width;
  const ports = sourceEnd + width;
  return {
    sourceAddress: addressOf(bytes.subarray(FIXED_BYTES, sourceEnd)),
    destinationAddress: addressOf(bytes.subarray(sourceEnd, ports)),
    sourcePort: bytes.readUInt16BE(ports),
    destinationPort: bytes.readUInt16BE(ports + 2),
  };
}

function addressOf(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.readUIntBE(0, 6) === 0 && bytes.readUInt32BE(6) === 0xffff) return `::ffff:${bytes.subarray(12).join(".")}`;
  const groups: string[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(bytes.readUInt16BE(at).toString(16));
  return new SocketAddress({ family: "ipv6", address: groups.join(":") }).address;
}

const CRC32C = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = (rest & 1) === 1 ? (rest >>> 1) ^ 0x82f63b78 : rest >>> 1;
  return rest >>> 0;
});

/** RFC 9260 appendix A (node:zlib has the other CRC-32). */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (let at = 0; at < bytes.length; at++) crc = (crc >>> 8) ^ (CRC32C[(crc ^ (bytes[at] as number)) & 0xff] as number);
  return ~crc >>> 0;
}
