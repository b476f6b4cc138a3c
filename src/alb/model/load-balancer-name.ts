import { createHash } from "node:crypto";

/** `hf-CLUSTER-HASH-N`, at most 32 letters, digits and hyphens (API reference, CreateLoadBalancer, `Name`). */
export interface NamesOfPool {
  of(ordinal: number): string;
  /** Undefined when it is no name of this pool. */
  ordinalOf(name: string): number | undefined;
}

interface Owner {
  readonly clusterId: string;
  readonly controllerId: string;
}

/** Names of the load balancers for one kind of wishes: the same whenever they are asked for, and others for every cluster and controller. */
export function namesOfPool({ clusterId, controllerId }: Owner, pool: string): NamesOfPool {
  const hash = createHash("sha256")
    .update(JSON.stringify([clusterId, controllerId, pool]))
    .digest("hex")
    .slice(0, 10);
  const prefix = `hf-${readable(clusterId)}-${hash}-`;
  return {
    of: (ordinal) => `${prefix}${ordinal}`,
    ordinalOf(name) {
      const rest = name.startsWith(prefix) ? name.slice(prefix.length) : "";
      return /^(?:0|[1-9][0-9]{0,2})$/.test(rest) ? Number(rest) : undefined;
    },
  };
}

function readable(clusterId: string): string {
  const text = clusterId.replaceAll(/[^A-Za-z0-9]+/g, "-").replaceAll(/^-+/g, "");
  return text.slice(0, 14).replaceAll(/-+$/g, "") || "cluster";
}
