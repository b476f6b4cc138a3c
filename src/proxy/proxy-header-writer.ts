import { isIPv4, isIPv6 } from "node:net";
import type { ProxyProtocolVersion } from "../route/index.ts";
import type { ProxiedAddresses } from "./proxy-protocol.ts";

const SIGNATURE = "0d0a0d0a000d0a515549540a";

/**
 * The header that tells an endpoint who the client is (haproxy.org, "The PROXY protocol", versions 1 and 2). Where only one of the two
 * addresses is one of IPv4 it is written as IPv6 does; what is no address makes both unknown.
 */
export function writeProxyHeader(version: ProxyProtocolVersion, addresses: ProxiedAddresses): Buffer {
  const { sourcePort, destinationPort } = addresses;
  const source = unzoned(addresses.sourceAddress);
  const destination = unzoned(addresses.destinationAddress);
  const family = familyOf(source, destination);
  if (version === 1) {
    if (family === undefined) return Buffer.from("PROXY UNKNOWN\r\n", "latin1");
    const [from, to] = family === 4 ? [source, destination] : [inIPv6(source), inIPv6(destination)];
    return Buffer.from(`PROXY TCP${family} ${from} ${to} ${sourcePort} ${destinationPort}\r\n`, "latin1");
  }
  if (family === undefined) return Buffer.from(`${SIGNATURE}21000000`, "hex");
  const bytesOf = family === 4 ? bytesOfIPv4 : (address: string): number[] => bytesOfIPv6(inIPv6(address));
  const header = [0x21, family === 4 ? 0x11 : 0x21, 0, family === 4 ? 12 : 36];
  const ports = [sourcePort >> 8, sourcePort & 0xff, destinationPort >> 8, destinationPort & 0xff];
  return Buffer.concat([Buffer.from(SIGNATURE, "hex"), Buffer.from([...header, ...bytesOf(source), ...bytesOf(destination), ...ports])]);
}

function familyOf(source: string, destination: string): 4 | 6 | undefined {
  if (isIPv4(source) && isIPv4(destination)) return 4;
  return (isIPv4(source) || isIPv6(source)) && (isIPv4(destination) || isIPv6(destination)) ? 6 : undefined;
}

/** Without `%eth0`, which means something on one machine only. */
function unzoned(address: string): string {
  const zone = address.indexOf("%");
  return zone < 0 ? address : address.slice(0, zone);
}

function inIPv6(address: string): string {
  return isIPv4(address) ? `::ffff:${address}` : address;
}

function bytesOfIPv4(address: string): number[] {
  return address.split(".").map(Number);
}

/** Of a valid address, in any of the forms of RFC 4291 section 2.2. */
function bytesOfIPv6(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const front = partsOf(head);
  const back = tail === undefined ? [] : partsOf(tail);
  return [...front, ...Array.from({ length: 16 - front.length - back.length }, () => 0), ...back];
}

function partsOf(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((part) => {
    if (part.includes(".")) return bytesOfIPv4(part);
    const group = Number.parseInt(part, 16);
    return [group >> 8, group & 0xff];
  });
}
