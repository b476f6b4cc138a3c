import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { AppError, messageOf } from "../../../kernel/index.ts";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/**
 * The address of each target, looked up once: load is sent to this machine's own addresses and to hosts that were allowed by name, nowhere else.
 * Throws AppError `EXPERIMENT_LOAD_TARGET`.
 */
export async function addressesOf(targets: readonly URL[], allowed: readonly string[]): Promise<readonly string[]> {
  return Promise.all(targets.map((target) => addressOf(target, allowed)));
}

async function addressOf({ hostname }: URL, allowed: readonly string[]): Promise<string> {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const address = isIP(host) === 0 ? await lookUp(host) : host;
  if (!loopback.check(address, isIP(address) === 6 ? "ipv6" : "ipv4") && !allowed.includes(host))
    throw new AppError(
      "EXPERIMENT_LOAD_TARGET",
      `${host} is not on this machine: load may harm others; allow it with --allow ${host} when it is yours`,
    );
  return address;
}

async function lookUp(host: string): Promise<string> {
  try {
    return (await lookup(host)).address;
  } catch (error) {
    throw new AppError("EXPERIMENT_LOAD_TARGET", `${host} has no address: ${messageOf(error)}; check the name`);
  }
}
