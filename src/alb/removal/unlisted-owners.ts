import type { OwnerReader } from "./owner-reader.ts";

/** An object that the lists lack, and that a load balancer serves all the same. */
export interface UnlistedOwner {
  /** `Ingress namespace/name` */
  readonly key: string;
  readonly hosts: readonly string[];
}

export interface OwnersOfOne {
  /** Keys of those that the load balancer ever served. */
  readonly former: readonly string[];
  /** Keys of those that it serves by what the lists say now. */
  readonly listed: readonly string[];
  /** Undefined when it is not known. */
  readonly dnsName: string | undefined;
}

/**
 * Of those that no list has any more, those that are there and have the load balancer's name in their status: an API server whose lists lack objects for hours
 * still has them when it is asked for each by its name. Rejects when one cannot be asked for.
 */
export async function unlistedOwners({ former, listed, dnsName }: OwnersOfOne, reader: OwnerReader): Promise<readonly UnlistedOwner[]> {
  const found: UnlistedOwner[] = [];
  for (const key of former) {
    if (listed.includes(key)) continue;
    const owner = await reader.find(key);
    if (owner === undefined) continue;
    const isServed = dnsName === undefined ? owner.statusHosts.length > 0 : owner.statusHosts.includes(dnsName.toLowerCase());
    if (isServed) found.push({ key, hosts: owner.hosts });
  }
  return found;
}
