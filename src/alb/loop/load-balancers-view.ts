import type { ListenerAction } from "../../aws/index.ts";
import { type Evidence, valueOf } from "../evidence.ts";
import type { Certificate } from "../model/certificate-choice.ts";
import type { Observed, ObservedListener, ObservedStack } from "../plan/observed.ts";
import type { PlanView } from "../plan/print.ts";
import type { ResolvedLoadBalancer } from "../plan/resolved.ts";
import type { ListenerView, LoadBalancerView, TargetView } from "../view.ts";

/** What a reconcile came to, as far as it is shown. */
export interface Shown {
  readonly observed: Observed;
  readonly resolved: ReadonlyMap<string, ResolvedLoadBalancer>;
  /** Keys of the objects that each serves, by its name. */
  readonly owners: ReadonlyMap<string, readonly string[]>;
  readonly certificates: ReadonlyMap<string, Certificate>;
  readonly plan: PlanView;
}

/** All load balancers that are or should be, by name. */
export function loadBalancerViews(shown: Shown, nowMs: number): readonly LoadBalancerView[] {
  const names = new Set([...shown.observed.stacks.keys(), ...shown.owners.keys()]);
  return [...names].toSorted((one, other) => (one < other ? -1 : 1)).map((name) => viewOf(name, shown, nowMs));
}

function viewOf(name: string, shown: Shown, nowMs: number): LoadBalancerView {
  const stack = shown.observed.stacks.get(name);
  const wanted = shown.resolved.get(name);
  const loadBalancer = stack === undefined ? undefined : valueOf(stack.loadBalancer);
  const planned = shown.plan.loadBalancers.find((one) => one.name === name);
  return {
    name,
    type: kindWord(loadBalancer?.type ?? wanted?.kind.type, ["application", "network"]),
    scheme: kindWord(loadBalancer?.scheme ?? wanted?.kind.scheme, ["internet-facing", "internal"]),
    dnsName: loadBalancer?.dnsName ?? null,
    state: stateOf(stack, loadBalancer?.state),
    ageSeconds: stack === undefined ? null : ageSeconds(stack.loadBalancer, nowMs),
    doubt: stack === undefined ? null : doubtOf(stack),
    owners: shown.owners.get(name) ?? [],
    listeners: (loadBalancer?.listeners ?? []).map((listener) => listenerView(listener, name, shown.certificates)),
    targets: targetViews(stack),
    plan: (planned?.steps ?? []).map(({ effect, text, held }) => ({ effect, text, heldId: held?.id ?? null })),
  };
}

function kindWord<Word extends string>(found: string | undefined, [first, second]: readonly [Word, Word]): Word {
  return found === second ? second : first;
}

function stateOf(stack: ObservedStack | undefined, state: string | undefined): string {
  if (state !== undefined) return state;
  return stack === undefined || stack.loadBalancer.state === "unknown" ? "unknown" : "missing";
}

function doubtOf({ loadBalancer, targetGroup }: ObservedStack): string | null {
  for (const part of [loadBalancer, targetGroup]) if (part.state !== "fresh") return part.why;
  return null;
}

function listenerView(listener: ObservedListener, name: string, known: ReadonlyMap<string, Certificate>): ListenerView {
  const { port, protocol, sslPolicy, certificates, defaultActions } = listener;
  return {
    port,
    protocol,
    sslPolicy: sslPolicy ?? null,
    action: defaultActions.map((action) => actionText(action, name)).join(", "),
    certificates: certificates.map((arn) => {
      const certificate = known.get(arn);
      return {
        arn,
        names: certificate?.names ?? [],
        notAfter: certificate === undefined ? null : new Date(certificate.notAfterMs).toISOString(),
      };
    }),
  };
}

function actionText({ type, groups, redirect }: ListenerAction, name: string): string {
  if (type === "forward") {
    const names = groups.map(({ arn }) => /:targetgroup\/([^/]+)\//.exec(arn)?.[1] ?? arn);
    return `forward to ${names.length === 0 ? name : names.join(", ")}`;
  }
  return type === "redirect" ? `redirect to port ${redirect?.["Port"] ?? "?"}` : type;
}

function targetViews(stack: ObservedStack | undefined): readonly TargetView[] {
  const group = stack === undefined ? undefined : valueOf(stack.targetGroup);
  return (group?.targets ?? []).map(({ id, port, zone, state, reason, description }) => ({
    id,
    port,
    zone: zone ?? null,
    state,
    reason: reason ?? null,
    description: description ?? null,
  }));
}

export function ageSeconds(evidence: Evidence<unknown>, nowMs: number): number | null {
  return evidence.state === "unknown" ? null : Math.max(0, Math.round(nowMs - evidence.atMs)) / 1000;
}
