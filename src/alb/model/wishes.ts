import { isDeepStrictEqual } from "node:util";

import type { Claim, ListenPort, LoadBalancerKind, Wishes } from "./claim.ts";

/** The same text for the same wishes, whatever the order in which they were written. */
export function wishesText(wishes: Wishes): string {
  return JSON.stringify(sorted(wishes));
}

/** The same text for load balancers that one can be changed into the other. */
export function kindText({ kind, wishes }: { readonly kind: LoadBalancerKind; readonly wishes: Claim["wishes"] }): string {
  // A network load balancer that was made without security groups never gets any (CreateLoadBalancer, `SecurityGroups`).
  const isGuarded = kind.type === "network" && (wishes.securityGroups !== undefined || wishes.inboundCidrs !== undefined);
  return `${kind.type} ${kind.scheme} ${kind.targetType}${isGuarded ? " guarded" : ""}`;
}

/** What a group asks of its load balancer, and who asks for something else than whoever goes before. */
export interface MergedWishes {
  readonly wishes: Wishes;
  readonly conflicts: readonly { readonly member: Claim; readonly field: string; readonly decidedBy: Claim }[];
}

/** `members` in their order: the first one that says something decides. Ports are added up, and so are attributes and tags. */
export function mergeWishes(members: readonly Claim[]): MergedWishes {
  const wishes: Record<string, unknown> = {};
  const deciders = new Map<string, Claim>();
  const conflicts: MergedWishes["conflicts"][number][] = [];
  /** False when somebody before decided otherwise. */
  const decide = (member: Claim, field: string, isSame: boolean): boolean => {
    const decidedBy = deciders.get(field);
    if (decidedBy === undefined) deciders.set(field, member);
    else if (!isSame) conflicts.push({ member, field, decidedBy });
    return decidedBy === undefined;
  };
  for (const member of members) {
    for (const [field, value] of Object.entries(member.wishes)) {
      const before = wishes[field];
      if (field === "listenPorts") {
        const ports = [...((before ?? []) as readonly ListenPort[])];
        for (const port of value as readonly ListenPort[]) {
          const known = ports.find((one) => one.port === port.port);
          if (decide(member, `port ${port.port}`, known?.protocol === port.protocol)) ports.push(port);
        }
        wishes[field] = ports;
      } else if (value instanceof Map) {
        const whole = new Map(before as ReadonlyMap<string, string> | undefined);
        for (const [key, item] of value as ReadonlyMap<string, string>)
          if (decide(member, key, whole.get(key) === item)) whole.set(key, item);
        wishes[field] = whole;
      } else if (field === "healthCheck") {
        const whole: Record<string, unknown> = { ...(before as object | undefined) };
        for (const [key, item] of Object.entries(value as object))
          if (decide(member, `health check ${key}`, whole[key] === item)) whole[key] = item;
        wishes[field] = whole;
      } else if (decide(member, field, isDeepStrictEqual(before, value))) wishes[field] = value;
    }
  }
  return { wishes, conflicts };
}

function sorted(value: unknown): unknown {
  if (value instanceof Map) return [...value].toSorted(([one], [other]) => (one < other ? -1 : 1));
  if (Array.isArray(value)) return value;
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, item]: [string, unknown]) => [key, sorted(item)]);
}
