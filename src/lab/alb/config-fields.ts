import { isIPv4 } from "node:net";
import { AppError } from "../../kernel/index.ts";
import type { Fields } from "../control/index.ts";

/** The code of everything that a configuration can have wrong. */
export const BAD = "ALB_BAD_CONFIG";

export function readAddress(fields: Fields, name: string): string {
  const address = fields.text(name);
  // The lab may send to this machine only: everything it listens on and everything it calls is in 127.0.0.0/8.
  if (isIPv4(address) && address.startsWith("127.")) return address;
  throw new AppError(BAD, `${fields.pathOf(name)}: must be an address of 127.0.0.0/8, is ${address}`);
}

export function refuseTwice(names: readonly string[], path: string): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new AppError(BAD, `${path}: ${twice} is there twice`);
}
