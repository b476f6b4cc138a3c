import type { X509Certificate } from "node:crypto";
import { BlockList, isIP, isIPv6 } from "node:net";
import { AppError } from "../kernel/index.ts";
import type { ProxiedAddresses } from "./proxy-protocol.ts";

const PRIVATE: readonly string[] = [
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "169.254.0.0/16",
  "::1/128",
  "fc00::/7",
  "fe80::/10",
];

/** Which addresses are proxies whose X-Forwarded-* are believed. */
export class TrustedProxies {
  readonly #list = new BlockList();

  /** Addresses, CIDR blocks or `private`. Throws AppError `PROXY_OPTION` for anything else. */
  constructor(entries: readonly string[]) {
    for (const entry of entries) {
      if (entry === "private") for (const block of PRIVATE) this.#add(block);
      else this.#add(entry);
    }
  }

  has(address: string): boolean {
    const version = isIP(address);
    return version !== 0 && this.#list.check(address, version === 6 ? "ipv6" : "ipv4");
  }

  #add(entry: string): void {
    const [address = "", bits] = entry.split("/");
    const version = isIP(address);
    const width = version === 6 ? 128 : 32;
    const prefix = bits === undefined ? width : Number(bits);
    if (version === 0 || !Number.isInteger(prefix) || prefix < 0 || prefix > width) {
      throw new AppError("PROXY_OPTION", `trusted proxy "${entry}" is neither an IP address nor a CIDR block nor "private"`);
    }
    this.#list.addSubnet(address, prefix, version === 6 ? "ipv6" : "ipv4");
  }
}

/** What only some connections have. */
interface PeerExtras {
  readonly isHttp2?: boolean;
  readonly clientCertificate?: X509Certificate | undefined;
}

/** Who is at the other end of a client connection, and what is said about it to back ends. */
export class Peer {
  /** Without the `::ffff:` of an IPv4 client on an IPv6 listener. */
  readonly address: string;
  readonly isTrusted: boolean;
  readonly localPort: string;
  /** Both ends of the client's connection: to the router, or to whoever sent a PROXY header. */
  readonly addresses: ProxiedAddresses;
  readonly scheme: "http" | "https";
  /** What the client proved to hold the key of, on a listener that asks for it. */
  readonly clientCertificate: X509Certificate | undefined;
  readonly isHttp2: boolean;
  readonly #trusted: TrustedProxies;
  #fieldsHost = "";
  #fields = "";

  constructor(
    addresses: ProxiedAddresses,
    scheme: "http" | "https",
    trusted: TrustedProxies,
    { isHttp2 = false, clientCertificate }: PeerExtras = {},
  ) {
    this.address = plainAddress(addresses.sourceAddress);
    this.localPort = String(addresses.destinationPort);
    this.addresses = addresses;
    this.scheme = scheme;
    this.isHttp2 = isHttp2;
    this.clientCertificate = clientCertificate;
    this.#trusted = trusted;
    this.isTrusted = trusted.has(this.address);
  }

  /** The X-Forwarded-* lines for a request that came with none that are believed; the same for all with one Host. */
  forwardedFields(host: string): string {
    if (host === this.#fieldsHost && this.#fields !== "") return this.#fields;
    const forwardedHost = host === "" ? "" : `X-Forwarded-Host: ${host}\r\n`;
    this.#fields = `X-Forwarded-For: ${this.address}\r\nX-Forwarded-Proto: ${this.scheme}\r\nX-Forwarded-Port: ${this.localPort}\r\n${forwardedHost}`;
    this.#fieldsHost = host;
    return this.#fields;
  }

  /**
   * The client's address: of the connection, or what the proxies in front say when they are trusted: X-Forwarded-For is read from
   * the right, as every proxy appends whom it saw, up to the first address that is no trusted proxy.
   */
  clientAddress(forwardedFor: string | undefined): string {
    if (!this.isTrusted || forwardedFor === undefined) return this.address;
    let client = this.address;
    const hops = forwardedFor.split(",");
    for (let at = hops.length - 1; at >= 0; at--) {
      const hop = hopAddress(hops[at] as string);
      if (isIP(hop) === 0) break;
      client = hop;
      if (!this.#trusted.has(hop)) break;
    }
    return client;
  }
}

/** Without the `::ffff:` of an IPv4 client on an IPv6 listener. */
export function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && !isIPv6(address.slice(7)) ? address.slice(7) : address;
}

/** An ALB can be told to append the client's port too (`routing.http.xff_client_port.enabled`). */
function hopAddress(hop: string): string {
  const text = hop.trim();
  if (text.startsWith("[")) return text.slice(1, Math.max(1, text.indexOf("]")));
  const colon = text.indexOf(":");
  return colon > 0 && text.indexOf(":", colon + 1) < 0 ? text.slice(0, colon) : text;
}
