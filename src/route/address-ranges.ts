import { BlockList, isIP } from "node:net";

/** Addresses and CIDR blocks, IPv4 and IPv6. */
export class AddressRanges {
  readonly #list = new BlockList();

  /** Adds `10.2.3.4`, `10.2.0.0/16`, `2001:db8::/32`. False when it is none of these. */
  add(range: string): boolean {
    const [, address = "", bits] = /^([^/]+)(?:\/([0-9]{1,3}))?$/.exec(range) ?? [];
    const version = isIP(address);
    const width = version === 6 ? 128 : 32;
    const prefix = bits === undefined ? width : Number(bits);
    if (version === 0 || prefix > width || address.includes("%")) return false;
    this.#list.addSubnet(address, prefix, version === 6 ? "ipv6" : "ipv4");
    return true;
  }

  /** Whether a range has this address. False for what is no address. */
  has(address: string): boolean {
    const version = isIP(address);
    return version !== 0 && this.#list.check(address, version === 6 ? "ipv6" : "ipv4");
  }
}

/** An entry of X-Forwarded-For as an address: without the port that some proxies append, and the brackets of IPv6; undefined when it is none. */
export function forwardedAddress(entry: string): string | undefined {
  const text = entry.trim();
  const [, bracketed, plain] = /^(?:\[([^\]]+)\](?::[0-9]+)?|([0-9.]+):[0-9]+)$/.exec(text) ?? [];
  const address = bracketed ?? plain ?? text;
  return isIP(address) === 0 ? undefined : address;
}
