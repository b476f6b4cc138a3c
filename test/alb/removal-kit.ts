import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { apply } from "../../src/alb/apply/apply.ts";
import type { Decision } from "../../src/alb/apply/decision.ts";
import type { Evidence } from "../../src/alb/evidence.ts";
import type { Certificate } from "../../src/alb/model/certificate-choice.ts";
import type { Observed } from "../../src/alb/plan/observed.ts";
import { ownedAs } from "../../src/alb/plan/ownership.ts";
import { plan } from "../../src/alb/plan/plan.ts";
import type { ResolvedLoadBalancer } from "../../src/alb/plan/resolved.ts";
import type { Step } from "../../src/alb/plan/step.ts";
import type { WantedTargets } from "../../src/alb/plan/wanted-targets.ts";
import { certificateReader } from "../../src/alb/removal/certificate-reader.ts";
import type { RemovalPolicies } from "../../src/alb/removal/removal-kind.ts";
import { Removals, type RemovalsOptions } from "../../src/alb/removal/removals.ts";
import type { Round } from "../../src/alb/removal/round.ts";
import { connectAws } from "../../src/aws/index.ts";
import { seededRandom } from "../../src/kernel/index.ts";
import type { MetricSample } from "../../src/lab/aws/cloudwatch/cloudwatch.ts";
import type { AwsWorld } from "../../src/lab/aws/world/world.ts";
import { HEALTH_CHECK } from "./apply-kit.ts";
import { observedIn } from "./observed-world.ts";
import { type WatchedAccount, startAccount } from "./kit/account.ts";
import { leftovers } from "./kit/end-state.ts";
import { OWNERSHIP } from "./kit/first-world.ts";
import { JumpingClock } from "./kit/jumping-clock.ts";
import type { LiveObject } from "./kit/serving.ts";
import { UnderWay } from "./kit/under-way.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
/** Hours are minutes, so that a test has fewer rounds. */
const HOLD = { small: { confirmations: 3, holdMs: 10 * MINUTE_MS }, large: { confirmations: 5, holdMs: 30 * MINUTE_MS } };
const POLICIES: RemovalPolicies = {
  "alb-targets": { ...HOLD, missingBudget: { count: 3, share: 0.25, windowMs: 5 * MINUTE_MS } },
  "alb-certificates": { ...HOLD, missingBudget: { count: 3, share: 0.1, windowMs: HOUR_MS } },
  "alb-listeners": { ...HOLD, missingBudget: { count: 3, share: 0.1, windowMs: HOUR_MS } },
  "alb-ingress-rules": { ...HOLD, missingBudget: { count: 3, share: 0.1, windowMs: HOUR_MS } },
  "alb-load-balancers": { ...HOLD, missingBudget: { count: 5, share: 0.1, windowMs: HOUR_MS } },
};
/** A removal of a load balancer is done in half an hour: ten minutes held, fifteen in quarantine. */
const QUARANTINE = { quarantineMs: 15 * MINUTE_MS, quietMs: 10 * MINUTE_MS, metricsDelayMs: 5 * MINUTE_MS };

/** What the cluster asks for, and what AWS and Kubernetes know beside it; tests change it between rounds. */
export interface Cluster {
  wanted: readonly ResolvedLoadBalancer[];
  targets: WantedTargets;
  /** Hosts by load balancer. */
  hosts: ReadonlyMap<string, readonly string[]>;
  statusHosts: ReadonlySet<string>;
  /** What the API server answers for an object by its name; undefined is not there, an error is thrown. */
  objects: ReadonlyMap<string, readonly string[] | Error>;
  /** Requests in each minute; undefined when CloudWatch has lost its metrics. */
  requests: number | undefined;
  doubts: readonly string[];
  live: readonly LiveObject[];
  guard: () => number;
}

export interface RemovalRig {
  readonly account: WatchedAccount;
  readonly clock: JumpingClock;
  readonly cluster: Cluster;
  readonly decisions: Decision[];
  readonly removals: () => Removals;
  /** Rounds a minute apart for so long; each plans, applies, and takes away. */
  rounds(forMs: number): Promise<void>;
  /** The controller dies and begins anew, with what it saved or without. */
  restart(kept: boolean): void;
  names(): readonly string[];
  close(): Promise<void>;
}

export async function removalRig(t: TestContext, options: Partial<RemovalsOptions> = {}): Promise<RemovalRig> {
  const cluster: Cluster = {
    wanted: [],
    targets: { by: "addresses", targets: { state: "fresh", value: [], atMs: 0 } },
    hosts: new Map(),
    statusHosts: new Set(),
    objects: new Map(),
    requests: 0,
    doubts: [],
    live: [],
    guard: () => 7,
  };
  const underWay = new UnderWay();
  const clock = new JumpingClock(underWay);
  const metrics = ({ name, fromMs, toMs }: { name: string; fromMs: number; toMs: number }): readonly MetricSample[] => {
    const { requests } = cluster;
    if (requests === undefined) return [];
    const isThere = name === "ConsumedLCUs" || (requests > 0 && (name === "RequestCount" || name === "ActiveConnectionCount"));
    if (!isThere) return [];
    const minutes = Math.ceil((toMs - fromMs) / MINUTE_MS);
    return Array.from({ length: minutes }, (_, at) => ({ atMs: fromMs + at * MINUTE_MS, value: name === "ConsumedLCUs" ? 0.1 : requests }));
  };
  const account = await startAccount({ clock, underWay, live: () => cluster.live, metrics });
  const { endpoint, credentials, region } = account;
  const aws = connectAws({ endpoint, credentials, region, share: 50 }, { clock, random: seededRandom(1) });
  const decisions: Decision[] = [];
  let saved: unknown;
  let removals: Removals;
  const writes = {
    aws,
    ownership: OWNERSHIP,
    clock,
    readBack: { attempts: 3, pauseMs: 1_000 },
    guard: () => cluster.guard(),
    onDecision: (decision: Decision) => void decisions.push(decision),
  };
  const begin = (restored: unknown): void => {
    removals = new Removals(
      {
        brake: "on",
        policies: POLICIES,
        quarantine: QUARANTINE,
        restMs: MINUTE_MS,
        ...options,
        ...(restored === undefined ? {} : { restored }),
      },
      {
        ...writes,
        owners: {
          async find(owner) {
            const found = cluster.objects.get(owner);
            if (found instanceof Error) throw found;
            return found && { hosts: cluster.live.find((one) => one.owner === owner)?.hosts ?? [], statusHosts: found };
          },
        },
        traffic: (arn, window) => aws.cloudwatch.traffic(arn, window),
        certificateNow: certificateReader(aws),
        confirm: () => undefined,
        save: async () => {
          saved = JSON.parse(JSON.stringify(removals.snapshot()));
        },
      },
    );
  };
  begin(undefined);
  let isClosed = false;
  const close = async (): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    removals.close();
    aws.close();
    await account.close();
    clock.close();
    underWay.close();
  };
  t.after(close);

  async function round(): Promise<void> {
    const observed = observedIn(account.store.now, cluster.wanted, clock.wallMs());
    const { steps } = plan({ loadBalancers: cluster.wanted, unresolved: new Map() }, observed, cluster.targets, OWNERSHIP);
    const now = roundOf(cluster, observed, steps, account.store.now, clock.wallMs());
    const { unfinished } = await apply(steps, observed, writes);
    await removals.carryOut(now, removals.judge(now), unfinished);
  }

  return {
    account,
    clock,
    cluster,
    decisions,
    removals: () => removals,
    async rounds(forMs) {
      const endMs = clock.monoMs() + forMs;
      do {
        await clock.during(round(), HOUR_MS);
        await clock.pass(MINUTE_MS);
      } while (clock.monoMs() <= endMs);
    },
    restart(kept) {
      removals.close();
      begin(kept ? saved : undefined);
    },
    close,
    names: () =>
      [...account.store.now.loadBalancers.values()]
        .filter(({ arn }) => ownedAs(account.store.now.tags.get(arn) ?? new Map(), OWNERSHIP) !== undefined)
        .map(({ name }) => name),
  };
}

function roundOf(cluster: Cluster, observed: Observed, steps: readonly Step[], world: AwsWorld, atMs: number): Round {
  const fresh: Evidence<unknown> = { state: "fresh", value: undefined, atMs };
  const usable = [...world.certificates.values()].map(
    ({ arn, alternativeNames: names, notBeforeMs, notAfterMs }): readonly [string, Certificate] => [
      arn,
      { arn, names, notBeforeMs, notAfterMs },
    ],
  );
  return {
    observed,
    steps,
    desired: new Set(cluster.wanted.map(({ name }) => name)),
    resolved: new Map(cluster.wanted.map((one) => [one.name, one])),
    hosts: cluster.hosts,
    certificates: new Map(usable),
    statusHosts: cluster.statusHosts,
    owners: new Map(cluster.wanted.map(({ name, owners }) => [name, owners])),
    evidence: { claims: fresh, certificates: fresh, network: fresh, targets: { ...fresh } },
    doubts: cluster.doubts,
  };
}

/** A load balancer for addresses, with HTTP and, where there are certificates, HTTPS. */
export function wantedShop(
  name: string,
  certificates: readonly string[] = [],
  over: Partial<ResolvedLoadBalancer> = {},
): ResolvedLoadBalancer {
  const forward = { type: "forward" } as const;
  const https = {
    port: 443,
    protocol: "HTTPS",
    sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
    certificates,
    action: forward,
  } as const;
  const zones = ["a", "b", "c"];
  return {
    name,
    kind: { type: "application", scheme: "internet-facing", targetType: "ip" },
    ipAddressType: "ipv4",
    subnets: zones.map((zone) => ({ id: `subnet-${zone}`, zone: `eu-central-1${zone}` })),
    securityGroups: { by: "cidrs", cidrs: ["0.0.0.0/0"] },
    listeners: [
      { port: 80, protocol: "HTTP", sslPolicy: undefined, certificates: [], action: forward },
      ...(certificates.length === 0 ? [] : [https]),
    ],
    denial: undefined,
    attributes: new Map(),
    webAcl: undefined,
    targetGroup: { protocol: "HTTP", port: 9999, vpcId: "vpc-1", healthCheck: HEALTH_CHECK, attributes: new Map() },
    tags: new Map(),
    owners: [`Ingress default/${name}`],
    ...over,
  };
}

export function addresses(...ids: readonly string[]): WantedTargets {
  return {
    by: "addresses",
    targets: { state: "fresh", value: ids.map((id) => ({ id, port: 9999, zone: undefined })), atMs: 0 },
  };
}

export const NAMES = ["hf-lab-a", "hf-lab-b", "hf-lab-c"];
export const GONE = "hf-lab-b";

/** Three load balancers that serve, the second of which nobody needs from then on. */
export async function unneeded(rig: RemovalRig): Promise<void> {
  rig.cluster.wanted = NAMES.map((name) => wantedShop(name));
  rig.cluster.targets = addresses("10.0.0.10", "10.0.1.10");
  await rig.rounds(10 * MINUTE_MS);
  assert.deepEqual(rig.names().toSorted(), NAMES);
  rig.cluster.wanted = rig.cluster.wanted.filter(({ name }) => name !== GONE);
}

export function loadBalancer(rig: RemovalRig, name = GONE) {
  const found = [...rig.account.store.now.loadBalancers.values()].find((one) => one.name === name);
  assert.ok(found !== undefined, `${name} is there`);
  const tags = rig.account.store.now.tags.get(found.arn) ?? new Map<string, string>();
  return { ...found, tags, isProtected: found.attributes.get("deletion_protection.enabled") === "true" };
}

/** What of ours serves nobody. */
export function left(rig: RemovalRig): readonly string[] {
  const live = [...rig.account.store.now.loadBalancers.values()].map(({ dnsName }) => ({
    owner: dnsName,
    hosts: [],
    statusHosts: [dnsName],
  }));
  return leftovers(rig.account.store.now, live, OWNERSHIP, rig.clock.wallMs()).filter(
    (one) => one.startsWith("target group") || one.startsWith("security group"),
  );
}

/** All that was said of what waits. */
export const waitsFor = (rig: RemovalRig): string =>
  rig
    .removals()
    .held()
    .flatMap(({ evidence }) => evidence.map(({ said }) => said))
    .join("\n");
