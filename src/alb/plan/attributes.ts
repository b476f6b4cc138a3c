import type { LoadBalancerKind, Wishes } from "../model/claim.ts";
import type { AlbSettings } from "../settings.ts";

/** Attributes that one type of load balancer has and the other has not (API reference, LoadBalancerAttribute and TargetGroupAttribute). */
const APPLICATION_ONLY =
  /^(idle_timeout\.|client_keep_alive\.|routing\.|waf\.|connection_logs\.|health_check_logs\.|slow_start\.|load_balancing\.algorithm\.|stickiness\.(lb|app)_cookie\.)/;
const NETWORK_ONLY =
  /^(dns_record\.|ipv6\.|secondary_ips\.|preserve_client_ip\.|proxy_protocol_v2\.|deregistration_delay\.connection_termination\.|target_health_state\.)/;
/** What a network load balancer may have switched off, an application load balancer always does. */
const CROSS_ZONE = "load_balancing.cross_zone.enabled";
export const PROTECTION = "deletion_protection.enabled";

type Tell = (reason: string, message: string) => void;

export function loadBalancerAttributesOf(
  kind: LoadBalancerKind,
  wishes: Wishes,
  settings: Pick<AlbSettings, "attributes">,
  tell: Tell,
): ReadonlyMap<string, string> {
  const attributes = merged(kind, settings.attributes, wishes.attributes, "load-balancer-attributes", tell);
  if (kind.type === "application") attributes.delete(CROSS_ZONE);
  return sorted(attributes);
}

export function targetGroupAttributesOf(
  kind: LoadBalancerKind,
  wishes: Wishes,
  settings: Pick<AlbSettings, "targetGroupAttributes">,
  tell: Tell,
): ReadonlyMap<string, string> {
  return sorted(merged(kind, settings.targetGroupAttributes, wishes.targetGroupAttributes, "target-group-attributes", tell));
}

/** Defaults that do not fit the type are for the other type; what an object asks for and does not fit is told. */
function merged(
  { type }: LoadBalancerKind,
  defaults: ReadonlyMap<string, string>,
  wished: ReadonlyMap<string, string> | undefined,
  annotation: string,
  tell: Tell,
): Map<string, string> {
  const foreign = type === "network" ? APPLICATION_ONLY : NETWORK_ONLY;
  const attributes = new Map([...defaults].filter(([key]) => !foreign.test(key)));
  for (const [key, value] of wished ?? []) {
    if (foreign.test(key))
      tell("AttributeNotHeeded", `${key} in ${annotation} is nothing that a load balancer of type ${type} has: leave it out`);
    else attributes.set(key, value);
  }
  return attributes;
}

function sorted(attributes: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...attributes].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
