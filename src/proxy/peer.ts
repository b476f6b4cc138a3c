import type { X509Certificate } from "node:crypto";
import { isIP, isIPv6 } from "node:net";
import type { AddressList } from "./address-list.ts";
import type { ProxiedAddresses } from "./proxy-protocol.ts";

/** What only some connections have. */
interface PeerExtras {
  readonly isHttp2?: boolean;
  /** What the router calls itself in Via; empty: it sends none. */
  readonly via?: string;
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
  readonly #trusted: AddressList;
  readonly #via: string;
  #fieldsHost = "";
  #fieldsMinor = 1;
  #fields = "";

  constructor(
    addresses: ProxiedAddresses,
    scheme: "http" | "https",
    trusted: AddressList,
    { isHttp2 = false, clientCertificate, via = "" }: PeerExtras = {},
  ) {
    this.address = plainAddress(addresses.sourceAddress);
    this.localPort = String(addresses.destinationPort);
    this.addresses = addresses;
    this.scheme = scheme;
    this.isHttp2 = isHttp2;
    this.clientCertificate = clientCertificate;
    this.#trusted = trusted;
    this.#via = via;
    this.isTrusted = trusted.has(this.address);
  }

  /** The X-Forwarded-* and Via lines for a request of HTTP/1.`minor` that came with none that are believed; the same for all with one Host. */
  forwardedFields(host: string, minor: number): string {
    if (host === this.#fieldsHost && minor === this.#fieldsMinor && this.#fields !== "") return this.#fields;
    const forwardedHost = host === "" ? "" : `X-Forwarded-Host: ${host}\r\n`;
    this.#fields = `X-Forwarded-For: ${this.address}\r\nX-Forwarded-Proto: ${this.scheme}\r\nX-Forwarded-Port: ${this.localPort}\r\n${forwardedHost}${this.viaLine(minor)}`;
    this.#fieldsHost = host;
    this.#fieldsMinor = minor;
    return this.#fields;
  }

  /** RFC 9110 section 7.6.3: what the client spoke, and to whom; it stands behind the Via lines that came. Empty when none is sent. */
  viaLine(minor: number): string {
    return this.#via === "" ? "" : `Via: ${this.isHttp2 ? "2.0" : minor === 0 ? "1.0" : "1.1"} ${this.#via}\r\n`;
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
