import type { CallRecord } from "../../../src/lab/aws/front/aws-front.ts";
import { type Random, seededRandom } from "../../../src/kernel/index.ts";
import type { AwsWorld } from "../../../src/lab/aws/world/world.ts";
import { type WatchedAccount, startAccount } from "./account.ts";
import { type TestCluster, startCluster } from "./cluster.ts";
import { leftovers, settled } from "./end-state.ts";
import { OWNERSHIP } from "./first-world.ts";
import { JumpingClock } from "./jumping-clock.ts";
import { type LiveObject, servingAt } from "./serving.ts";
import { UnderWay } from "./under-way.ts";

/** An account, a cluster and a clock for one run of the controller, all in this process, all watched. */
export interface Bench {
  readonly clock: JumpingClock;
  readonly random: Random;
  readonly account: WatchedAccount;
  readonly cluster: TestCluster;
  /** What keeps the clock from going on. */
  readonly underWay: UnderWay;
  /** What clients lost so far: by calls to the account, and by what objects' status says. */
  losses(): readonly string[];
  /** What is not as it should be yet. */
  leftovers(): readonly string[];
  settled(): readonly string[];
  close(): Promise<void>;
}

export interface BenchOptions {
  readonly seed?: number;
  /** Goes on from there: {@link snapshotOf} another one. */
  readonly from?: Snapshot;
  readonly onCall?: (call: CallRecord) => void;
}

/** What there is at a moment, to begin other runs with. */
export interface Snapshot {
  readonly world: AwsWorld;
  readonly atMs: number;
  readonly objects: Awaited<ReturnType<TestCluster["objects"]>>;
  /** All of the cluster in place of `objects`: also what the controller wrote for itself, and which objects are the same ones. */
  readonly cluster?: Uint8Array;
}

export async function snapshotOf({ account, clock, cluster }: Bench): Promise<Snapshot> {
  return { world: account.store.now, atMs: clock.monoMs(), objects: await cluster.objects() };
}

export async function startBench({ seed = 1, from, onCall }: BenchOptions = {}): Promise<Bench> {
  const underWay = new UnderWay();
  const clock = new JumpingClock(underWay, from?.atMs);
  const statusLosses: string[] = [];
  let account: WatchedAccount | undefined;
  const cluster = await startCluster((was, is) => {
    if (account !== undefined) statusLosses.push(...lostByStatus(account.store.now, was, is, clock.wallMs()));
  }, from?.cluster);
  for (const object of from?.objects ?? []) await cluster.put(object);
  account = await startAccount({
    clock,
    underWay,
    live: cluster.live,
    ...(from === undefined ? {} : { first: from.world }),
    ...(onCall === undefined ? {} : { onCall }),
  });
  const { store, losses } = account;
  return {
    clock,
    random: seededRandom(seed),
    account,
    cluster,
    underWay,
    losses: () => [...losses, ...statusLosses],
    leftovers: () => leftovers(store.now, cluster.live(), OWNERSHIP, clock.wallMs()),
    settled: () => settled(store.now, cluster.live(), OWNERSHIP),
    async close() {
      await account.close();
      await cluster.close();
      clock.close();
      underWay.close();
    },
  };
}

/** What clients of an object lose when its status is changed: the name it had, or the load balancer behind it. */
export function lostByStatus(world: AwsWorld, was: LiveObject | undefined, is: LiveObject | undefined, nowMs: number): readonly string[] {
  if (is === undefined || was?.statusHosts.join() === is.statusHosts.join()) return [];
  const { owner, hosts, statusHosts } = is;
  if (statusHosts.length === 0)
    return was !== undefined && was.statusHosts.length > 0 ? [`${owner}: its status is empty, it was ${was.statusHosts.join()}`] : [];
  return statusHosts.flatMap((host) => {
    const serving = servingAt(world, host, hosts, nowMs);
    if (serving === undefined) return [`${owner}: its status is ${host}, which no load balancer has`];
    if (serving.loadBalancer.activeAtMs > nowMs) return [`${owner}: its status is ${serving.loadBalancer.name}, which is not active yet`];
    if (serving.targets.size === 0) return [`${owner}: its status is ${serving.loadBalancer.name}, which has no targets yet`];
    return hosts
      .filter((name) => serving.certificates.get(name)?.size === 0)
      .map((name) => `${owner}: its status is ${serving.loadBalancer.name}, which has no certificate for ${name}`);
  });
}
