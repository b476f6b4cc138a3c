import type { AlbSettings } from "../settings.ts";
import type { LoadBalancerKind, Wishes } from "../model/claim.ts";
import type { Network } from "./network.ts";
import type { ResolvedSecurityGroups } from "./resolved.ts";

export type SecurityGroupChoice =
  | { readonly state: "chosen"; readonly groups: ResolvedSecurityGroups }
  | { readonly state: "none"; readonly why: string };

/** On security groups for load balancers, as kube-ingress-aws-controller looks for them: the value is the controller's id. */
const CONTROLLER_TAG = "kubernetes:application";

/**
 * The security groups that an object names; else one of ours for the CIDR blocks it names; else those of the controller's settings; else those that are
 * tagged for it. An application load balancer without any is none: AWS would give it the default group of the VPC.
 */
export function chooseSecurityGroups(
  network: Network,
  kind: LoadBalancerKind,
  { securityGroups, inboundCidrs }: Wishes,
  settings: Pick<AlbSettings, "clusterId" | "controllerId" | "securityGroups">,
): SecurityGroupChoice {
  if (securityGroups !== undefined && securityGroups.length > 0) return byName(network, securityGroups);
  if (inboundCidrs !== undefined && inboundCidrs.length > 0)
    return { state: "chosen", groups: { by: "cidrs", cidrs: [...new Set(inboundCidrs)].toSorted() } };
  if (settings.securityGroups.length > 0) return byName(network, settings.securityGroups);
  const clusterTag = `kubernetes.io/cluster/${settings.clusterId}`;
  const tagged = network.securityGroups.filter(({ tags }) => tags.has(clusterTag) && tags.get(CONTROLLER_TAG) === settings.controllerId);
  if (tagged.length > 0 || kind.type === "network") return chosen(tagged.map(({ id }) => id));
  return {
    state: "none",
    why:
      `no security group in ${network.vpcId} has the tags ${clusterTag} and ${CONTROLLER_TAG}=${settings.controllerId}: ` +
      "tag the one that lets clients in, or name it with --security-group, or say with the annotation alb.ingress.kubernetes.io/inbound-cidrs who may come in",
  };
}

function byName({ securityGroups, vpcId }: Network, named: readonly string[]): SecurityGroupChoice {
  const ids: string[] = [];
  for (const name of named) {
    const fits = securityGroups.filter((group) => group.id === name || group.tags.get("Name") === name || group.name === name);
    const [group] = fits;
    if (group === undefined)
      return { state: "none", why: `there is no security group ${name} in ${vpcId}: give ids (sg-…), or names of groups of that VPC` };
    if (fits.length > 1) return { state: "none", why: `${fits.length} security groups in ${vpcId} are called ${name}: give ids (sg-…)` };
    ids.push(group.id);
  }
  return chosen(ids);
}

function chosen(ids: readonly string[]): SecurityGroupChoice {
  return { state: "chosen", groups: { by: "ids", ids: [...new Set(ids)].toSorted() } };
}
