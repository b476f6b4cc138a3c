import type { ClaimProblem, DesiredLoadBalancer } from "../model/desired.ts";
import type { Evidence } from "../evidence.ts";
import type { AlbSettings } from "../settings.ts";
import { loadBalancerAttributesOf, targetGroupAttributesOf } from "./attributes.ts";
import { chooseSecurityGroups } from "./choose-security-groups.ts";
import { chooseSubnets } from "./choose-subnets.ts";
import type { Network } from "./network.ts";
import type { ResolvedLoadBalancer, WantedTargetGroup } from "./resolved.ts";
import { isOwnershipTag } from "./ownership.ts";
import { wantedListeners } from "./wanted-listeners.ts";

/** What is desired in the words of the account. */
export interface Resolution {
  /** By name. */
  readonly loadBalancers: readonly ResolvedLoadBalancer[];
  /** Names of those that cannot be resolved now, and why: what exists of them stays untouched. */
  readonly unresolved: ReadonlyMap<string, string>;
  /** For the owners of all of them. */
  readonly problems: readonly ClaimProblem[];
}

/** Finds for each load balancer what it names and fills in the controller's defaults. Pure. */
export function resolveAll(desired: readonly DesiredLoadBalancer[], network: Evidence<Network>, settings: AlbSettings): Resolution {
  const loadBalancers: ResolvedLoadBalancer[] = [];
  const unresolved = new Map<string, string>();
  const problems: ClaimProblem[] = [];
  for (const wanted of desired.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    if (network.state === "unknown") {
      unresolved.set(wanted.name, `the network cannot be read: ${network.why}`);
      continue;
    }
    const tell = (reason: string, message: string): void => {
      for (const owner of wanted.owners) problems.push({ owner, reason, message });
    };
    const resolved = resolve(wanted, network.value, settings, tell);
    if (resolved.state === "resolved") loadBalancers.push(resolved.loadBalancer);
    else {
      tell(resolved.reason, `load balancer ${wanted.name}: ${resolved.why}`);
      unresolved.set(wanted.name, resolved.why);
    }
  }
  return { loadBalancers, unresolved, problems };
}

type Resolved =
  | { readonly state: "resolved"; readonly loadBalancer: ResolvedLoadBalancer }
  | { readonly state: "none"; readonly reason: string; readonly why: string };

function resolve(
  { name, kind, wishes, certificates, owners }: DesiredLoadBalancer,
  network: Network,
  settings: AlbSettings,
  tell: (reason: string, message: string) => void,
): Resolved {
  const chosen = chooseSubnets(network, kind, wishes.subnets, settings.clusterId);
  if (chosen.state === "none") return { state: "none", reason: "SubnetsNotFound", why: chosen.why };
  const groups = chooseSecurityGroups(network, kind, wishes, settings);
  if (groups.state === "none") return { state: "none", reason: "SecurityGroupNotFound", why: groups.why };
  let ipAddressType = wishes.ipAddressType ?? settings.ipAddressType;
  const withoutIpv6 = chosen.subnets.find(({ id }) => network.subnets.find((subnet) => subnet.id === id)?.hasIpv6 !== true);
  if (ipAddressType === "dualstack" && withoutIpv6 !== undefined) {
    tell("SubnetWithoutIpv6", `load balancer ${name} has IPv4 only: subnet ${withoutIpv6.id} has no IPv6 block; give it one for dualstack`);
    ipAddressType = "ipv4";
  }
  const tags = new Map([...settings.tags, ...(wishes.tags ?? [])]);
  for (const key of tags.keys())
    if (isOwnershipTag(key, settings)) {
      tell("TagReserved", `the tag ${key} says whose a load balancer is: choose another key`);
      tags.delete(key);
    }
  const webAcl = wishes.webAcl ?? settings.webAcl;
  return {
    state: "resolved",
    loadBalancer: {
      name,
      kind,
      ipAddressType,
      subnets: chosen.subnets,
      securityGroups: groups.groups,
      listeners: wantedListeners(kind, wishes, certificates, settings, tell),
      denial: kind.type === "application" && kind.scheme === "internet-facing" ? settings.denial : undefined,
      attributes: loadBalancerAttributesOf(kind, wishes, settings, tell),
      // AWS WAF protects application load balancers.
      webAcl: kind.type === "application" ? webAcl : undefined,
      targetGroup: targetGroupOf(kind, wishes, network.vpcId, settings, tell),
      tags,
      owners,
    },
  };
}

function targetGroupOf(
  kind: DesiredLoadBalancer["kind"],
  wishes: DesiredLoadBalancer["wishes"],
  vpcId: string,
  settings: AlbSettings,
  tell: (reason: string, message: string) => void,
): WantedTargetGroup {
  const wished = Object.fromEntries(Object.entries(wishes.healthCheck ?? {}).filter(([, value]) => value !== undefined));
  const healthCheck = { ...settings.healthCheck, ...wished };
  // A check that only connects has neither.
  const isTcp = healthCheck.protocol === "TCP";
  return {
    protocol: kind.type === "network" ? "TCP" : settings.targetProtocol,
    port: settings.targetPort,
    vpcId,
    healthCheck: isTcp ? { ...healthCheck, path: undefined, matcher: undefined } : healthCheck,
    attributes: targetGroupAttributesOf(kind, wishes, settings, tell),
  };
}
