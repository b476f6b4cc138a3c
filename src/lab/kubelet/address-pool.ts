import { AppError } from "../../kernel/index.ts";

/** The node's block of pod addresses, `.1` to `.254`. */
export interface AddressPool {
  /** A free address. @throws AppError KUBELET_NO_ADDRESS when all are taken. */
  allocate(): string;
  /** Takes `address` out, as after a restart of the kubelet; false when it is not in the block or taken. */
  claim(address: string): boolean;
  release(address: string): void;
}

/** `podBlock` is the first three numbers. Addresses are given out in turn, so that a freed one rests the longest. */
export function createAddressPool(podBlock: string): AddressPool {
  const taken = new Set<string>();
  let last = 0;
  return {
    allocate() {
      for (let step = 1; step <= 254; step += 1) {
        const number = ((last + step - 1) % 254) + 1;
        const address = `${podBlock}.${number}`;
        if (taken.has(address)) continue;
        taken.add(address);
        last = number;
        return address;
      }
      throw new AppError("KUBELET_NO_ADDRESS", `all 254 pod addresses of ${podBlock}.0/24 are taken`);
    },
    claim(address) {
      const number = Number(address.slice(podBlock.length + 1));
      if (!address.startsWith(`${podBlock}.`) || !(number >= 1 && number <= 254) || taken.has(address)) return false;
      taken.add(address);
      last = Math.max(last, number);
      return true;
    },
    release(address) {
      taken.delete(address);
    },
  };
}
