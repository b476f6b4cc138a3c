import type { LoadBalancerKind } from "../model/claim.ts";
import type { Network, NetworkSubnet } from "./network.ts";

export type ChosenSubnet = Pick<NetworkSubnet, "id" | "zone">;

/** What could be chosen, or why nothing can: what is wrong, and how to mend it. */
export type SubnetChoice =
  | { readonly state: "chosen"; readonly subnets: readonly ChosenSubnet[] }
  | { readonly state: "none"; readonly why: string };

/** A load balancer takes addresses of its subnets, and needs as many free ones as it grows (user guide, "Subnets for your load balancer"). */
const FREE_ADDRESSES = 8;
const ROLE_TAGS = { "internet-facing": "kubernetes.io/role/elb", internal: "kubernetes.io/role/internal-elb" } as const;

/**
 * The subnets that an object names, or else those found by their tags: of the cluster's (`kubernetes.io/cluster/ID`; of all when none has the tag) one in
 * each zone, with the tag of the scheme's role before without, then by id.
 */
export function chooseSubnets(
  network: Network,
  kind: LoadBalancerKind,
  named: readonly string[] | undefined,
  clusterId: string,
): SubnetChoice {
  const choice = named === undefined ? found(network, kind, clusterId) : byName(network, kind, named);
  if (choice.state === "none" || kind.type === "network" || choice.subnets.length > 1) return choice;
  const [only] = choice.subnets;
  return none(
    `an application load balancer needs subnets in two zones, and there is only ${only?.id} in ${only?.zone}: ` +
      (named === undefined ? `tag one in another zone with kubernetes.io/cluster/${clusterId}` : "name one in another zone as well"),
  );
}

function byName({ subnets, vpcId }: Network, { scheme }: LoadBalancerKind, named: readonly string[]): SubnetChoice {
  const chosen = new Map<string, NetworkSubnet>();
  for (const name of named) {
    const fits = subnets.filter(({ id, tags }) => id === name || tags.get("Name") === name);
    const [subnet] = fits;
    if (subnet === undefined)
      return none(`there is no subnet ${name} in ${vpcId}: give ids (subnet-…) or values of the tag Name of subnets of that VPC`);
    if (fits.length > 1) return none(`${fits.length} subnets in ${vpcId} have the tag Name=${name}: give ids (subnet-…)`);
    const other = chosen.get(subnet.zone);
    if (other !== undefined && other.id !== subnet.id)
      return none(`subnets ${other.id} and ${subnet.id} are both in ${subnet.zone}: name one in each zone`);
    if (scheme === "internet-facing" && !subnet.isPublic)
      return none(`subnet ${subnet.id} has no route to an internet gateway: name public ones, or ask for the scheme internal`);
    chosen.set(subnet.zone, subnet);
  }
  return chosen.size === 0 ? none("no subnet is named: name one in each zone, or leave the annotation out") : chosenOf(chosen.values());
}

function found({ subnets, vpcId }: Network, { scheme }: LoadBalancerKind, clusterId: string): SubnetChoice {
  const clusterTag = `kubernetes.io/cluster/${clusterId}`;
  const tagged = subnets.filter(({ tags }) => tags.has(clusterTag));
  const ours = tagged.length === 0 ? subnets : tagged;
  const fitting = scheme === "internet-facing" ? ours.filter(({ isPublic }) => isPublic) : ours;
  if (fitting.length === 0) {
    const among = tagged.length === 0 ? `${vpcId} has no subnet` : `of the ${tagged.length} subnets with the tag ${clusterTag} none`;
    return none(
      scheme === "internet-facing" && ours.length > 0
        ? `${tagged.length === 0 ? `none of the subnets of ${vpcId}` : among} has a route to an internet gateway: tag public ones with ${clusterTag}, or ask for the scheme internal`
        : `${among} that a load balancer could be in: make subnets and tag them with ${clusterTag}`,
    );
  }
  const roleTag = ROLE_TAGS[scheme];
  const rank = (subnet: NetworkSubnet): number =>
    Number(subnet.freeAddresses < FREE_ADDRESSES) * 4 +
    Number(!subnet.tags.has(roleTag)) * 2 +
    // Without tags, what is inside is for private subnets.
    Number(scheme === "internal" && subnet.isPublic);
  const best = new Map<string, NetworkSubnet>();
  for (const subnet of fitting) {
    const known = best.get(subnet.zone);
    if (known === undefined || rank(subnet) - rank(known) < 0 || (rank(subnet) === rank(known) && subnet.id < known.id))
      best.set(subnet.zone, subnet);
  }
  return chosenOf(best.values());
}

function chosenOf(subnets: Iterable<NetworkSubnet>): SubnetChoice {
  const chosen = [...subnets].map(({ id, zone }) => ({ id, zone }));
  return { state: "chosen", subnets: chosen.toSorted((one, other) => (one.id < other.id ? -1 : 1)) };
}

function none(why: string): SubnetChoice {
  return { state: "none", why };
}
