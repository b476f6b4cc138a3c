import type { Target } from "../../aws/index.ts";
import type { DesiredLoadBalancer } from "../model/layout.ts";
import type { Observed, ObservedListener, ObservedLoadBalancer, ObservedTargetGroup } from "./observed.ts";
import { type Ownership, ownedAs, tagsFor } from "./ownership.ts";
import type { AlbSettings, WantedTargets } from "./settings.ts";
import type { Step, WantedListener } from "./step.ts";

/**
 * What has to be done so that the account is as desired: additions first, then changes, removals last. Pure: the same in, the same out. It
 * says what should go, not that it may: the hold decides that. What is not ours is not seen.
 */
export function plan(
  desired: readonly DesiredLoadBalancer[],
  observed: Observed,
  targets: WantedTargets,
  settings: AlbSettings,
  ownership: Ownership,
): readonly Step[] {
  const balancers = ours(observed.loadBalancers, ownership);
  const groups = ours(observed.targetGroups, ownership);
  const steps: Step[] = [];
  for (const wanted of desired) {
    const { name } = wanted;
    planTargetGroup(steps, name, groups.get(name), targets, settings);
    planBalancer(steps, wanted, balancers.get(name), settings);
    planTags(steps, name, [balancers.get(name), groups.get(name)], ownership);
  }
  const kept = new Set(desired.map(({ name }) => name));
  for (const name of balancers.keys()) if (!kept.has(name)) steps.push({ effect: "remove", type: "delete-load-balancer", name });
  for (const name of groups.keys()) if (!kept.has(name)) steps.push({ effect: "remove", type: "delete-target-group", name });
  const order = { add: 0, change: 1, remove: 2 };
  return steps.toSorted((one, other) => order[one.effect] - order[other.effect]);
}

/** Those that are ours, by what they are to us. */
function ours<T extends { readonly tags: ReadonlyMap<string, string> }>(all: readonly T[], ownership: Ownership): ReadonlyMap<string, T> {
  const found = new Map<string, T>();
  for (const one of all) {
    const name = ownedAs(one.tags, ownership);
    if (name !== undefined) found.set(name, one);
  }
  return found;
}

function planTargetGroup(
  steps: Step[],
  name: string,
  group: ObservedTargetGroup | undefined,
  wanted: WantedTargets,
  settings: AlbSettings,
): void {
  const { targetPort, healthCheck } = settings;
  if (group === undefined) steps.push({ effect: "add", type: "create-target-group", name, port: targetPort, healthCheck });
  else if (JSON.stringify(sorted(group.healthCheck)) !== JSON.stringify(sorted(healthCheck)))
    steps.push({ effect: "change", type: "modify-target-group", name, healthCheck });
  const attributes = differing(groupAttributes(settings), group?.attributes);
  if (attributes.size > 0) steps.push({ effect: "change", type: "set-target-group-attributes", name, attributes });
  const registered = new Set((group?.targets ?? []).filter(isRegistered).map(keyOf));
  const missing = wanted.targets.filter((target) => !registered.has(keyOf(target)));
  if (missing.length > 0) steps.push({ effect: "add", type: "register-targets", name, targets: missing });
  const kept = new Set(wanted.targets.map(keyOf));
  const surplus = (group?.targets ?? []).filter((target) => isRegistered(target) && !kept.has(keyOf(target)));
  if (surplus.length > 0)
    steps.push({ effect: "remove", type: "deregister-targets", name, targets: surplus.map(({ id, port, zone }) => ({ id, port, zone })) });
}

function planBalancer(steps: Step[], wanted: DesiredLoadBalancer, balancer: ObservedLoadBalancer | undefined, settings: AlbSettings): void {
  const { name, profile } = wanted;
  if (balancer === undefined) steps.push({ effect: "add", type: "create-load-balancer", name, profile });
  const attributes = differing(balancerAttributes(wanted, settings), balancer?.attributes);
  if (attributes.size > 0) steps.push({ effect: "change", type: "set-load-balancer-attributes", name, attributes });
  const listeners = new Map((balancer?.listeners ?? []).map((listener) => [listener.port, listener]));
  const ports = new Set<number>();
  for (const listener of wantedListeners(wanted, listeners, settings)) {
    ports.add(listener.port);
    const known = listeners.get(listener.port);
    if (known === undefined) steps.push({ effect: "add", type: "create-listener", name, listener });
    else if (!isSameListener(known, listener)) steps.push({ effect: "change", type: "modify-listener", name, listener });
    if (listener.certificate !== undefined) planCertificates(steps, wanted, listener, known);
  }
  for (const port of listeners.keys()) if (!ports.has(port)) steps.push({ effect: "remove", type: "delete-listener", name, port });
}

function planCertificates(
  steps: Step[],
  { name, certificates }: DesiredLoadBalancer,
  { port, certificate }: WantedListener,
  known: ObservedListener | undefined,
): void {
  const held = new Set(known?.certificates ?? [certificate]);
  const added = certificates.filter((arn) => !held.has(arn));
  if (added.length > 0) steps.push({ effect: "add", type: "add-certificates", name, port, arns: added });
  const surplus = (known?.certificates ?? []).filter((arn) => !certificates.includes(arn));
  if (surplus.length > 0) steps.push({ effect: "remove", type: "remove-certificates", name, port, arns: surplus });
}

function wantedListeners(
  { name, profile, certificates }: DesiredLoadBalancer,
  there: ReadonlyMap<number, ObservedListener>,
  { httpPort, httpsPort, redirectHttp }: AlbSettings,
): readonly WantedListener[] {
  const forward = { type: "forward", group: name } as const;
  const known = there.get(httpsPort)?.certificates[0];
  // A default certificate stays until it is proved that nobody needs it: replacing it is a removal.
  const certificate = known ?? certificates[0];
  const isApplication = profile.type === "application";
  const secure: WantedListener[] =
    certificate === undefined
      ? []
      : [{ port: httpsPort, protocol: isApplication ? "HTTPS" : "TLS", sslPolicy: profile.sslPolicy, certificate, action: forward }];
  const action = redirectHttp && isApplication && secure.length > 0 ? ({ type: "redirect", status: "HTTP_301" } as const) : forward;
  return [{ port: httpPort, protocol: isApplication ? "HTTP" : "TCP", sslPolicy: undefined, certificate: undefined, action }, ...secure];
}

function isSameListener(known: ObservedListener, wanted: WantedListener): boolean {
  const [action, ...more] = known.defaultActions;
  const isSameAction =
    more.length === 0 &&
    action?.type === wanted.action.type &&
    (wanted.action.type === "redirect" ? action.redirect?.["StatusCode"] === wanted.action.status : action.groups.length === 1);
  return (
    isSameAction &&
    known.protocol === wanted.protocol &&
    known.sslPolicy === wanted.sslPolicy &&
    known.certificates[0] === wanted.certificate
  );
}

function planTags(
  steps: Step[],
  name: string,
  found: readonly ({ readonly arn: string; readonly tags: ReadonlyMap<string, string> } | undefined)[],
  ownership: Ownership,
): void {
  for (const resource of found) {
    if (resource === undefined) continue;
    const tags = differing(tagsFor(ownership, name), resource.tags);
    if (tags.size > 0) steps.push({ effect: "change", type: "tag", name, arn: resource.arn, tags });
  }
}

function balancerAttributes({ profile }: DesiredLoadBalancer, { idleTimeoutSeconds }: AlbSettings): ReadonlyMap<string, string> {
  // Only the last step of a removal that was proved takes it off, and never one that somebody else set.
  const everyone: [string, string][] = [["deletion_protection.enabled", "true"]];
  if (profile.type === "network") return new Map(everyone);
  return new Map([
    ...everyone,
    ["idle_timeout.timeout_seconds", String(idleTimeoutSeconds)],
    ["routing.http2.enabled", String(profile.http2)],
  ]);
}

function groupAttributes({ deregistrationDelaySeconds }: AlbSettings): ReadonlyMap<string, string> {
  return new Map([["deregistration_delay.timeout_seconds", String(deregistrationDelaySeconds)]]);
}

function differing(wanted: ReadonlyMap<string, string>, there: ReadonlyMap<string, string> | undefined): ReadonlyMap<string, string> {
  return new Map([...wanted].filter(([key, value]) => there?.get(key) !== value));
}

function isRegistered({ state }: { readonly state: string }): boolean {
  return state !== "draining" && state !== "unhealthy.draining";
}

function keyOf({ id, port }: Pick<Target, "id" | "port">): string {
  return `${id}:${port}`;
}

function sorted(fields: object): readonly unknown[] {
  return Object.entries(fields).toSorted(([one], [other]) => (one < other ? -1 : 1));
}
