import type { ListenerAction } from "../../aws/index.ts";
import { valueOf } from "../evidence.ts";
import { planDenial } from "./denial.ts";
import type { ObservedListener } from "./observed.ts";
import { ownedAs } from "./ownership.ts";
import { allTags } from "./plan-security-group.ts";
import type { ResolvedLoadBalancer, WantedAction, WantedListener } from "./resolved.ts";
import type { StackPlan } from "./stack-plan.ts";

/** A load balancer takes so many beside the default ones (quotas of Elastic Load Balancing). */
const MOST_ADDED_CERTIFICATES = 25;

/** The listeners of a load balancer and their certificates; `there` is empty when it is made in this plan. */
export function planListeners(part: StackPlan, there: readonly ObservedListener[], wanted: ResolvedLoadBalancer, isFresh: boolean): void {
  const known = new Map(there.map((listener) => [listener.port, listener]));
  // Those that forward first, and those that lead to them after.
  const inOrder = wanted.listeners.toSorted(
    (one, other) => Number(one.action.type === "redirect") - Number(other.action.type === "redirect"),
  );
  for (const listener of inOrder) planListener(part, known.get(listener.port), reachable(listener, known), wanted, isFresh);
  if (isFresh) planGoing(part, there, wanted);
}

/**
 * A redirect leads only to a port that is seen to speak HTTPS: the listener there may fail to be made. Until then such a listener does what it did, or
 * forwards.
 */
function reachable(listener: WantedListener, known: ReadonlyMap<number, ObservedListener>): WantedListener {
  const { action, port } = listener;
  if (action.type === "forward" || isSecure(known.get(action.toPort)?.protocol)) return listener;
  const before = Number(known.get(port)?.defaultActions[0]?.redirect?.["Port"]);
  return { ...listener, action: isSecure(known.get(before)?.protocol) ? { ...action, toPort: before } : { type: "forward" } };
}

function planListener(
  part: StackPlan,
  known: ObservedListener | undefined,
  listener: WantedListener,
  wanted: ResolvedLoadBalancer,
  isFresh: boolean,
): void {
  const { port, protocol, certificates } = listener;
  if (known === undefined) {
    const [first, ...others] = certificates;
    if (isSecure(protocol) && first === undefined) {
      part.note(`port ${port} is not opened: there is no certificate for its hosts`);
      return;
    }
    if (part.stack.targetGroup.state === "unknown") return;
    const tags = allTags(part.ownership, wanted);
    part.add({ type: "create-listener", listener: { ...listener, certificates: first === undefined ? [] : [first] }, tags });
    if (others.length > 0) part.add({ type: "add-certificates", port, arns: others.slice(0, MOST_ADDED_CERTIFICATES) });
    if (isFresh) planDenial(part, undefined, listener, wanted);
    return;
  }
  if (!isOurs(part, known)) {
    part.note(`the listener on port ${port} is not tagged as ours: it is left alone`);
    return;
  }
  if (isSecure(known.protocol) && !isSecure(protocol)) {
    part.note(`port ${port} speaks ${known.protocol} and should speak ${protocol}: encryption is not taken away; choose another port`);
    return;
  }
  const current = known.certificates[0] ?? certificates[0];
  if (isSecure(protocol) && current === undefined) {
    part.note(`port ${port} stays ${known.protocol}: there is no certificate for its hosts`);
    return;
  }
  if (isSecure(known.protocol)) planCertificates(part, known, listener, isFresh);
  if (isFresh && !isSameListener(known, listener, valueOf(part.stack.targetGroup)?.arn, part.stack.targetGroup.state === "unknown"))
    part.change({
      type: "modify-listener",
      listener: { ...listener, certificates: current === undefined || !isSecure(protocol) ? [] : [current] },
    });
  if (isFresh) planDenial(part, known, listener, wanted);
}

function planCertificates(part: StackPlan, known: ObservedListener, { port, certificates }: WantedListener, isFresh: boolean): void {
  // None wanted: those that are wanted are not known.
  if (certificates.length === 0) return;
  const held = new Set(known.certificates);
  const missing = certificates.filter((arn) => !held.has(arn));
  const room = Math.max(0, MOST_ADDED_CERTIFICATES + 1 - held.size);
  if (missing.length > room)
    part.note(
      `port ${port} has place for ${room} more certificates and needs ${missing.length}: others have to go first, which is held or waits`,
    );
  const added = missing.slice(0, room);
  if (added.length > 0) part.add({ type: "add-certificates", port, arns: added });
  if (!isFresh) return;
  const needed = new Set(certificates);
  const [first, ...others] = known.certificates;
  const surplus = others.filter((arn) => !needed.has(arn) && arn !== first).toSorted();
  if (surplus.length > 0) part.remove({ type: "remove-certificates", port, arns: surplus });
  const by = certificates.find((arn) => held.has(arn));
  if (first !== undefined && !needed.has(first) && by !== undefined)
    part.remove({ type: "replace-default-certificate", port, arn: first, by });
}

/** Listeners on ports that are not wanted go when all that are wanted are there. */
function planGoing(part: StackPlan, there: readonly ObservedListener[], { listeners }: ResolvedLoadBalancer): void {
  const wanted = new Set(listeners.map(({ port }) => port));
  const surplus = there.filter((listener) => !wanted.has(listener.port)).toSorted((one, other) => one.port - other.port);
  if (surplus.length === 0) return;
  const isComplete = listeners.every(({ port, protocol }) => there.some((one) => one.port === port && one.protocol === protocol));
  for (const listener of surplus) {
    if (!isOurs(part, listener)) part.note(`the listener on port ${listener.port} is not tagged as ours: it is left alone`);
    else if (isComplete && listeners.length > 0) part.remove({ type: "delete-listener", port: listener.port });
    else part.note(`the listener on port ${listener.port} is not wanted any more and stays until those that are wanted are there`);
  }
}

function isSameListener(known: ObservedListener, wanted: WantedListener, groupArn: string | undefined, isGroupUnknown: boolean): boolean {
  const [action, ...more] = known.defaultActions;
  return (
    known.protocol === wanted.protocol &&
    (wanted.sslPolicy === undefined || known.sslPolicy === wanted.sslPolicy) &&
    more.length === 0 &&
    action !== undefined &&
    isSameAction(action, wanted.action, groupArn, isGroupUnknown)
  );
}

function isSameAction(
  { type, redirect, groups }: ListenerAction,
  wanted: WantedAction,
  groupArn: string | undefined,
  isGroupUnknown: boolean,
): boolean {
  if (type !== wanted.type) return false;
  if (wanted.type === "redirect")
    return redirect?.["StatusCode"] === wanted.status && redirect["Port"] === String(wanted.toPort) && redirect["Protocol"] === "HTTPS";
  return isGroupUnknown || (groups.length === 1 && groups[0]?.arn === groupArn);
}

function isOurs(part: StackPlan, { tags }: ObservedListener): boolean {
  return ownedAs(tags, part.ownership) === part.name;
}

function isSecure(protocol: string | undefined): boolean {
  return protocol === "HTTPS" || protocol === "TLS";
}
