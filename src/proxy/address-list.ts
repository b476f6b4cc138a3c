import { BlockList, isIP } from "node:net";
import { AppError } from "../kernel/index.ts";

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

/** A set of addresses. */
export class AddressList {
  readonly #list = new BlockList();

  /** Addresses, CIDR blocks or `private`; `what` they are, for the message. Throws AppError `PROXY_OPTION` for anything else. */
  constructor(entries: readonly string[], what: string) {
    for (const entry of entries) {
      if (entry === "private") for (const block of PRIVATE) this.#add(block, what);
      else this.#add(entry, what);
    }
  }

  has(address: string): boolean {
    const version = isIP(address);
    return version !== 0 && this.#list.check(address, version === 6 ? "ipv6" : "ipv4");
  }

  #add(entry: string, what: string): void {
    const [address = "", bits] = entry.split("/");
    const version = isIP(address);
    const width = version === 6 ? 128 : 32;
    const prefix = bits === undefined ? width : Number(bits);
    if (version === 0 || !Number.isInteger(prefix) || prefix < 0 || prefix > width) {
      throw new AppError("PROXY_OPTION", `${what} "${entry}" is neither an IP address nor a CIDR block nor "private"`);
    }
    this.#list.addSubnet(address, prefix, version === 6 ? "ipv6" : "ipv4");
  }
}
