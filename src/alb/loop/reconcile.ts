import type { Aws } from "../../aws/index.ts";
import type { Clock } from "../../kernel/index.ts";
import { type Log, silentLog } from "../../telemetry/index.ts";
import { type ApplyDeps, type Applied, apply } from "../apply/apply.ts";
import { type Evidence, valueOf } from "../evidence.ts";
import { type Claim, type ClaimProblem, ownerKey } from "../model/claim.ts";
import type { Layout, PlacedLoadBalancer } from "../model/desired.ts";
import { withGuardedHealthChecks } from "../model/health-check-guard.ts";
import { layOut } from "../model/layout.ts";
import { placedFrom } from "../model/placed.ts";
import { withUnreadCertificates } from "../model/unread-certificates.ts";
import type { Observation, Observer } from "../observe/observer.ts";
import type { Observed, ObservedStack } from "../plan/observed.ts";
import { type Ownership, ownedAs } from "../plan/ownership.ts";
import type { WantedTargets } from "../plan/wanted-targets.ts";
import type { Carried } from "../removal/carry-out.ts";
import type { Judgement, Removals } from "../removal/removals.ts";
import type { Round } from "../removal/round.ts";
import type { AlbSettings } from "../settings.ts";
import { planEach, resolveEach } from "./isolated.ts";
import type { Run } from "./pacer.ts";
import { type Thought, certificatesOf, ownersOf } from "./thought.ts";
import type { WriteGuard } from "./write-guard.ts";

/** What the objects of the cluster ask for, as far as it is believed. */
export interface ClaimsInput {
  claims(): Evidence<readonly Claim[]>;
  /** Objects that cannot be read as they are. */
  problems(): readonly ClaimProblem[];
  /** The hosts of objects by the host names in their statuses, lower case; also of objects that ask for nothing. */
  visits(): ReadonlyMap<string, readonly string[]>;
}

/** What a reconcile came to. */
export interface Outcome extends Thought {
  readonly applied: Applied;
  readonly judgement: Judgement;
  readonly carried: Carried;
}

export interface ThinkDeps {
  readonly claims: ClaimsInput;
  readonly observer: Observer;
  readonly settings: AlbSettings;
  readonly ownership: Ownership;
  readonly clock: Clock;
  /** For targets of type `ip`. */
  readonly addresses?: () => Extract<WantedTargets, { readonly by: "addresses" }>["targets"];
}

export interface ReconcileDeps extends ThinkDeps {
  readonly aws: Pick<Aws, "openCircuits">;
  readonly apply: ApplyDeps;
  readonly removals: Pick<Removals, "judge" | "carryOut">;
  readonly guard: WriteGuard;
  /** Told as soon as it is known what has to be done. */
  readonly onThought?: (thought: Thought) => void;
  /** Tells the objects where their load balancers are and what is wrong; runs beside what follows. */
  readonly tell?: (thought: Thought, applied: Applied) => Promise<void>;
  readonly log?: Log;
}

/** What an earlier reconcile came to, of this process or of a former one. */
export interface Before {
  readonly layout: Layout | undefined;
  /** Keys of the objects that each load balancer served, by its name. */
  readonly owners: ReadonlyMap<string, readonly string[]>;
}

/** Problems that a certificate which was not there at the last look would mend. */
const LACKING_CERTIFICATES: ReadonlySet<string> = new Set(["CertificateNotFound", "CertificateExpired"]);

/**
 * What should be, what is, and what has to be done so that they agree. Reads, and writes nothing. Undefined when too little is known for any of it: then `why`
 * says what.
 */
export async function think(deps: ThinkDeps, before: Before): Promise<Thought | { readonly unknown: string }> {
  const { observer, settings, ownership, clock } = deps;
  const claims = deps.claims.claims();
  if (claims.state === "unknown") return { unknown: `objects: ${claims.why}` };
  const lacking = (before.layout?.problems ?? []).filter(({ reason }) => LACKING_CERTIFICATES.has(reason));
  const readsWebAcls = settings.webAcl !== undefined || claims.value.some(({ wishes }) => wishes.webAcl !== undefined);
  const observe = (layout: Layout | undefined): Promise<Observation> =>
    observer.observe({
      names: layout?.loadBalancers.map(({ name }) => name) ?? [],
      readsWebAcls,
      ...(deps.addresses === undefined ? {} : { addresses: deps.addresses() }),
    });
  const [certificates, network, seen] = await Promise.all([
    observer.certificates(lacking.map(({ owner, message }) => `${owner}: ${message}`)),
    observer.network(),
    observe(before.layout),
  ]);
  // Without any, every host would be told that it has no certificate.
  if (certificates.state === "unknown") return { unknown: `certificates: ${certificates.why}` };
  const placed = placedIn(seen.observed, before.owners, ownership);
  const found = layOut(claims.value, certificates.value, placed, settings, clock.wallMs());
  const whole = withUnreadCertificates(found, certificates);
  const layout = withGuardedHealthChecks(whole, seen.observed.autoScalingGroups);
  const isNew = layout.loadBalancers.some(({ name }) => !seen.observed.stacks.has(name));
  const observation = isNew ? await observe(layout) : seen;
  const resolution = resolveEach(layout.loadBalancers, network, settings);
  return {
    claims,
    certificates,
    network,
    layout,
    resolution,
    observation,
    plan: planEach(resolution, observation.observed, observation.targets, ownership),
  };
}

/**
 * One reconcile: reads, plans, adds and changes, tells the objects, and at the very end takes away what was proved. Undefined when too little is known
 * to do anything.
 */
export async function reconcile(deps: ReconcileDeps, run: Run, before: Before): Promise<Outcome | { readonly unknown: string }> {
  const { observer, guard, removals } = deps;
  const log = deps.log ?? silentLog;
  return guard.within(run.signal, async () => {
    const thought = await think(deps, before);
    if ("unknown" in thought) return thought;
    deps.onThought?.(thought);
    const { steps } = thought.plan;
    const more = steps.filter(({ effect }) => effect !== "remove");
    const applied = await apply(more, thought.observation.observed, deps.apply);
    if (applied.writes > 0) observer.wrote(new Set(more.map(({ name }) => name)));
    await deps.tell?.(thought, applied);
    run.signal.throwIfAborted();

    const round = roundOf(thought, deps);
    const judgement = removals.judge(round);
    if (judgement.stopped !== undefined && judgement.released.length > 0) log.info({ why: judgement.stopped }, "nothing is taken away");
    // What was just changed has to be read again before anything of it goes.
    const unfinished = new Set([...applied.unfinished, ...(applied.writes > 0 ? more.map(({ name }) => name) : [])]);
    const carried = await guard.within(run.removing(), () => removals.carryOut(round, judgement, unfinished));
    if (carried.writes > 0) observer.wrote(new Set(steps.map(({ name }) => name)));
    return { ...thought, applied, judgement, carried };
  });
}

function roundOf(thought: Thought, deps: ReconcileDeps): Round {
  const { claims, certificates, network, layout, resolution, observation, plan: planned } = thought;
  const circuits = deps.aws.openCircuits();
  const frozen = deps.observer.frozen();
  const visits = deps.claims.visits();
  const hostsOf = new Map((valueOf(claims) ?? []).map((claim) => [ownerKey(claim.owner), claim.hosts]));
  return {
    steps: planned.steps,
    observed: observation.observed,
    resolved: new Map(resolution.loadBalancers.map((one) => [one.name, one])),
    desired: new Set(layout.loadBalancers.map(({ name }) => name)),
    hosts: new Map(
      layout.loadBalancers.map(({ name, owners }) => [
        name,
        [...owners.flatMap((owner) => hostsOf.get(owner) ?? []), ...visitedAt(observation.observed.stacks.get(name), visits)],
      ]),
    ),
    owners: ownersOf(thought),
    certificates: certificatesOf(thought),
    statusHosts: new Set(visits.keys()),
    evidence: { claims, certificates, network, targets: evidenceOf(observation.targets) },
    doubts: [
      ...circuits.map((circuit) => `calls of AWS fail: the circuit breaker of ${circuit} is not closed`),
      ...(frozen === undefined ? [] : [frozen]),
    ],
  };
}

/** Hosts that clients come for to a load balancer because a status still says so: its certificates for them are in use. */
function visitedAt(stack: ObservedStack | undefined, visits: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const there = stack === undefined ? undefined : valueOf(stack.loadBalancer);
  return visits.get(there?.dnsName.toLowerCase() ?? "") ?? [];
}

function evidenceOf(targets: WantedTargets): Evidence<unknown> {
  return targets.by === "addresses" ? targets.targets : targets.names;
}

/** Those that are ours, or may be. */
function placedIn(
  { stacks }: Observed,
  owners: ReadonlyMap<string, readonly string[]>,
  ownership: Ownership,
): readonly PlacedLoadBalancer[] {
  const own = [...stacks].filter(([name, { loadBalancer }]) => {
    const there = valueOf(loadBalancer);
    return there === undefined || ownedAs(there.tags, ownership) === name;
  });
  return placedFrom(new Map(own), owners);
}
