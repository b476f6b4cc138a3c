import { type AwsWorld, withRecord } from "../world/world.ts";

/** The last number of the last address of a block. */
const LAST = 254;

/**
 * The world in which each load balancer has an address in each of its zones, the same for as long as it has the zone, and those that
 * are gone have none. `blocks` are the first three numbers of where addresses come from: `127.30.2`. One for which there is none left
 * has to wait.
 */
export function withAddresses(world: AwsWorld, blocks: readonly string[]): AwsWorld {
  let next = world;
  for (const arn of world.nodeAddresses.keys()) if (!world.loadBalancers.has(arn)) next = withRecord(next, "nodeAddresses", arn, undefined);
  const taken = new Set([...next.nodeAddresses.values()].flatMap((zones) => [...zones.values()]));
  for (const { arn, subnets } of world.loadBalancers.values()) {
    const known: ReadonlyMap<string, string> = next.nodeAddresses.get(arn) ?? new Map();
    const wanted = new Map<string, string>();
    for (const { zone } of subnets) {
      const address = known.get(zone) ?? takeFree(taken, blocks);
      if (address !== undefined) wanted.set(zone, address);
    }
    const isSame = known.size === wanted.size && [...wanted].every(([zone, address]) => known.get(zone) === address);
    if (!isSame) next = withRecord(next, "nodeAddresses", arn, wanted);
  }
  return next;
}

function takeFree(taken: Set<string>, blocks: readonly string[]): string | undefined {
  for (const block of blocks) {
    for (let last = 1; last <= LAST; last++) {
      const address = `${block}.${last}`;
      if (taken.has(address)) continue;
      taken.add(address);
      return address;
    }
  }
  return undefined;
}
