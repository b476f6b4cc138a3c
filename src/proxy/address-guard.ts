import { isIP } from "node:net";
import { AddressList } from "./address-list.ts";
import { plainAddress } from "./peer.ts";

/** Addresses that stand for no host of the public internet (IANA's registries of special-purpose addresses), or lead to one that does not. */
const SPECIAL: readonly string[] = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
  "2001::/23",
  "2001:db8::/32",
  "2002::/16",
];

/** All of IPv6 that is given to hosts so far. */
const GLOBAL_UNICAST = "2000::/3";

/** Where clouds give whoever asks from a node the node's own rights: neither public nor private covers it. */
const METADATA: readonly string[] = [
  "169.254.0.0/16",
  "fe80::/10",
  "fd00:ec2::/32",
  "fd20:ce::254",
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
];

/** Which addresses may be connected to on a request's word. */
export class AddressGuard {
  readonly #named: AddressList;
  readonly #private: AddressList;
  readonly #metadata = new AddressList(METADATA, "address");
  readonly #special = new AddressList(SPECIAL, "address");
  readonly #global = new AddressList([GLOBAL_UNICAST], "address");
  readonly #takesPublic: boolean;

  /** Addresses, CIDR blocks, `private`, `public` or `none`. Throws AppError `PROXY_OPTION` for anything else. */
  constructor(entries: readonly string[]) {
    this.#named = new AddressList(
      entries.filter((entry) => entry !== "private" && entry !== "public" && entry !== "none"),
      "address for dynamic back ends",
    );
    this.#private = new AddressList(entries.includes("private") ? ["private"] : [], "address");
    this.#takesPublic = entries.includes("public");
  }

  isAllowed(address: string): boolean {
    const plain = plainAddress(address);
    const version = isIP(plain);
    if (version === 0) return false;
    if (this.#named.has(plain)) return true;
    if (this.#metadata.has(plain)) return false;
    if (this.#private.has(plain)) return true;
    return this.#takesPublic && !this.#special.has(plain) && (version === 4 || this.#global.has(plain));
  }
}
