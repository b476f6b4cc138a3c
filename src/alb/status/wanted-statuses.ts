import { type Claim, ownerKey } from "../model/claim.ts";
import type { Layout } from "../model/desired.ts";
import type { ObservedStack } from "../plan/observed.ts";
import { readinessOf } from "./readiness.ts";

/** A claim whose status is to point to another load balancer, or to one at last. */
export interface StatusMove {
  readonly claim: Claim;
  /** The load balancer's name. */
  readonly name: string;
  readonly hostname: string;
}

/** A claim that is not served yet where it will be. Its status stays as it is. */
export interface StatusWait {
  readonly claim: Claim;
  readonly name: string;
  readonly why: string;
}

export interface WantedStatuses {
  readonly moves: readonly StatusMove[];
  readonly waits: readonly StatusWait[];
}

/** What is different from what statuses should say. Pure. A status that points to its load balancer stays, whatever is known of it now, and none is ever emptied. */
export function wantedStatuses(
  claims: readonly Claim[],
  { placeOf, certificatesOf, waits: notYet }: Pick<Layout, "placeOf" | "certificatesOf" | "waits">,
  stacks: ReadonlyMap<string, ObservedStack>,
): WantedStatuses {
  const moves: StatusMove[] = [];
  const waits: StatusWait[] = [];
  for (const claim of claims) {
    const owner = ownerKey(claim.owner);
    const name = placeOf.get(owner);
    if (name === undefined) continue;
    const stack = stacks.get(name);
    if (claim.statusHosts.includes(lastHostname(stack) ?? "")) continue;
    const why = notYet?.get(owner);
    if (why !== undefined) {
      waits.push({ claim, name, why });
      continue;
    }
    const readiness = readinessOf(stack, certificatesOf.get(owner) ?? []);
    if (readiness.isReady) moves.push({ claim, name, hostname: readiness.hostname });
    else waits.push({ claim, name, why: readiness.why });
  }
  return { moves, waits };
}

/** As it was read last, however long ago. */
function lastHostname(stack: ObservedStack | undefined): string | undefined {
  if (stack === undefined || stack.loadBalancer.state === "unknown") return undefined;
  return stack.loadBalancer.value?.dnsName.toLowerCase();
}
