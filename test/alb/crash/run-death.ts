import { type Snapshot, snapshotOf, startBench } from "../kit/bench.ts";
import type { PassingCall } from "../kit/link.ts";
import type { AwsWorld } from "../../../src/lab/aws/world/world.ts";
import { notAs } from "../matrix/run-cell.ts";
import { HOUR_MS, type Scenario, play } from "../matrix/scenarios.ts";
import { Mortal } from "./mortal.ts";

/**
 * When the controller dies at a call: when it is done and its answer is not read; when the answer is read and nothing more was sent; or when it is sent,
 * and it comes to the API only when the next controller is at work.
 */
export type Moment = "unread" | "read" | "late";

export interface Death {
  readonly scenario: string;
  /** The part of the scenario in which it is; 0 is its beginning. */
  readonly part: number;
  /** The so-many-th call of this name in the part. */
  readonly call: string;
  readonly nth: number;
  readonly moment: Moment;
}

/** A life without a death: what each other run must come to, and the calls at which one can die. */
export interface WholeLife {
  readonly scenario: Scenario;
  readonly end: Snapshot;
  readonly settled: readonly string[];
  readonly parts: readonly Part[];
}

/** What comes between two long pauses of a scenario: runs need not wait for what was before. */
export interface Part {
  readonly from: Snapshot | undefined;
  readonly calls: readonly Pick<PassingCall, "name" | "isWrite">[];
  /** How many things there were at its beginning or were made since, until the end of the scenario. */
  readonly made: number;
}

export interface DeathResult {
  readonly death: Death;
  readonly hasDied: boolean;
  readonly violations: readonly string[];
}

/** A container is started again after about so long. */
const RESTART_MS = 1_000;
/** What was on its way arrives within so many times the lease of the dead one. */
const LATEST_LEASES = 4;
/** Where hours go by, renewals are most of what there is to do. */
const leaseSecondsOf = ({ patienceMs }: Scenario): number => (patienceMs > 12 * HOUR_MS ? 60 : 15);

/** By then a scenario has done all that it does, and only waits. */
const ONLY_WAITS_MS = 15 * 60_000;
const LONG_PAUSE_MS = 5 * 60_000;
const LOOKED_AT_MS = 5 * 60_000;
/** Writes that come all the time. */
const FOR_ITSELF = /^P\w+ (leases|configmaps)$/;

/** Rejects when even without a death something is lost, or the end is not reached. */
export async function runWholeLife(scenario: Scenario, from: Snapshot | undefined): Promise<WholeLife> {
  const parts = [{ from: Promise.resolve(from), calls: [] as PassingCall[], made: thingsIn(from?.world) }];
  const bench = await startBench({
    ...(from === undefined ? {} : { from }),
    onCall() {
      const there = thingsIn(bench.account.store.now);
      for (const { made } of parts) for (const id of there) made.add(id);
    },
  });
  const startedMs = bench.clock.monoMs();
  let wroteMs = startedMs;
  const copyNow = async (): Promise<Snapshot> => {
    const [world, atMs] = [bench.account.store.now, bench.clock.monoMs()];
    return { world, atMs, objects: [], cluster: await bench.cluster.copy() };
  };
  const controller = new Mortal(bench);
  try {
    await controller.start("one", leaseSecondsOf(scenario), {
      onCall(call) {
        if (call.isWrite && !FOR_ITSELF.test(call.name)) {
          const nowMs = bench.clock.monoMs();
          if (nowMs - startedMs > ONLY_WAITS_MS && nowMs - wroteMs > LONG_PAUSE_MS)
            parts.push({ from: copyNow(), calls: [], made: thingsIn(bench.account.store.now) });
          wroteMs = nowMs;
        }
        parts.at(-1)?.calls.push(call);
      },
    });
    const problems = [...(await play(bench, scenario)), ...bench.losses(), ...bench.leftovers()];
    if (problems.length > 0) throw new Error(`without a death, "${scenario.name}" has: ${problems.join("; ")}`);
    return {
      scenario,
      end: await snapshotOf(bench),
      settled: bench.settled(),
      parts: await Promise.all(parts.map(async ({ from: begin, calls, made }) => ({ from: await begin, calls, made: made.size }))),
    };
  } finally {
    await controller.close();
    await bench.close();
  }
}

/** The same, and the controller is killed once and another one started. */
export async function runDeath(death: Death, { scenario, settled, parts }: WholeLife, seed = 1): Promise<DeathResult> {
  const { from, made: needed = 0 } = parts[death.part] ?? {};
  const leaseSeconds = leaseSecondsOf(scenario);
  const made = thingsIn(from?.world);
  const bench = await startBench({
    seed,
    ...(from === undefined ? {} : { from }),
    onCall() {
      for (const id of thingsIn(bench.account.store.now)) made.add(id);
    },
  });
  const [first, second] = [new Mortal(bench), new Mortal(bench)];
  const failures: string[] = [];
  let seen = 0;
  let doomed: PassingCall | undefined;
  let isDead = false;
  let heirCalls = 0;
  const restart = (): void => {
    isDead = true;
    bench.clock.timer(RESTART_MS, () => {
      second
        .start("two", leaseSeconds, { onCall: () => heirCalls++ })
        .catch((error: unknown) => failures.push(`it was not started again: ${String(error)}`));
    });
  };
  try {
    await first.start("one", leaseSeconds, {
      onCall(call) {
        if (isDead) failures.push(`the dead one called ${call.name}`);
        if (call.name !== death.call || ++seen !== death.nth) return;
        doomed = call;
        if (death.moment !== "late") return;
        first.kill();
        bench.clock.timer(bench.random.next() * LATEST_LEASES * leaseSeconds * 1000, () => call.deliver());
        restart();
      },
      onAnswer(call) {
        if (call !== doomed || death.moment === "late") return;
        if (death.moment === "unread") first.kill();
        else first.killWhenRead();
        restart();
      },
    });
    if (death.part === 0) await play(bench, scenario);
    const late = await notAs(bench, settled, scenario.patienceMs);
    // What is as it should be at once is still looked at by the one that was started again, which has to leave it so.
    await bench.clock.pass(LOOKED_AT_MS);
    const undone = late.length > 0 ? [] : await notAs(bench, settled, LOOKED_AT_MS);
    const violations = [...failures, ...late, ...undone, ...bench.losses()];
    if (made.size > needed) violations.push(`${made.size} things were made, ${needed} are needed`);
    const hasDied = doomed !== undefined;
    if (hasDied && heirCalls === 0) violations.push("the one that was started again did nothing");
    return { death, hasDied, violations };
  } finally {
    await second.close();
    await first.close();
    await bench.close();
  }
}

/** Ids of the things that must not be there twice. */
export function thingsIn(world?: AwsWorld): Set<string> {
  if (world === undefined) return new Set();
  const { loadBalancers, targetGroups, listeners, securityGroups } = world;
  return new Set([loadBalancers, targetGroups, listeners, securityGroups].flatMap((table) => [...table.keys()]));
}
