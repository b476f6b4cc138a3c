import { valueOf } from "../evidence.ts";
import type { ObservedStack } from "../plan/observed.ts";
import type { LoadBalancerKind } from "./claim.ts";
import type { PlacedLoadBalancer } from "./desired.ts";

/**
 * What of the account matters to a layout. `ownersOf`: whom an earlier layout placed there, by name; also of load balancers that cannot be read, which are
 * not taken to be gone.
 */
export function placedFrom(
  stacks: ReadonlyMap<string, ObservedStack>,
  ownersOf: ReadonlyMap<string, readonly string[]>,
): readonly PlacedLoadBalancer[] {
  return [...stacks.values()].flatMap((stack): PlacedLoadBalancer[] => {
    const { name, loadBalancer } = stack;
    const balancer = valueOf(loadBalancer);
    if (balancer === undefined && loadBalancer.state !== "unknown") return [];
    return [
      {
        name,
        dnsName: balancer?.dnsName,
        kind: kindOf(stack),
        certificates: [...new Set(balancer?.listeners.flatMap(({ certificates }) => certificates))],
        owners: ownersOf.get(name) ?? [],
      },
    ];
  });
}

/** Undefined when a part of it is not known, or is none that the controller makes. */
function kindOf({ loadBalancer, targetGroup }: ObservedStack): LoadBalancerKind | undefined {
  const balancer = valueOf(loadBalancer);
  const type = (["application", "network"] as const).find((one) => one === balancer?.type);
  const scheme = (["internet-facing", "internal"] as const).find((one) => one === balancer?.scheme);
  const targetType = (["instance", "ip"] as const).find((one) => one === valueOf(targetGroup)?.targetType);
  return type === undefined || scheme === undefined || targetType === undefined ? undefined : { type, scheme, targetType };
}
