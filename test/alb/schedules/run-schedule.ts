import { withSpotNotice, withZoneBack, withZoneLost } from "../../../src/lab/aws/ec2/interruptions.ts";
import { withState } from "../../../src/lab/aws/ec2/instance-lifecycle.ts";
import { assertNever } from "../../../src/kernel/index.ts";
import { Mortal } from "../crash/mortal.ts";
import { type ApiProxy, startApiProxy } from "../kit/api-proxy.ts";
import { type Bench, type Snapshot, startBench } from "../kit/bench.ts";
import { NODE_GROUPS } from "../kit/first-world.ts";
import { faultColumns } from "../matrix/faults.ts";
import { type Beginning, LEASE_SECONDS, changeCertificate, comparable, faultlessEnd, lastForms, manifestOf } from "./faultless-end.ts";
import { type Act, SUBJECTS, type Schedule } from "./schedule.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const RESTART_MS = 1_000;
/** Calm before a person looks at what is held. */
const CALM_MS = HOUR_MS;
/** In all, after the last fault: longer than the longest hold. */
const PATIENCE_HOURS = 14;
const LEASE_NAME = "holdfast-alb-holdfast";
const LEASE = `/apis/coordination.k8s.io/v1/namespaces/default/leases/${LEASE_NAME}`;

/** What is wrong with a schedule: what was lost in it, and what is not at its end as a controller to which nothing happens makes of the same objects. */
export async function runSchedule(schedule: Schedule, from: Beginning): Promise<readonly string[]> {
  const wanted = await faultlessEnd(schedule, from);
  const run = await ScheduledRun.start(from.whole);
  try {
    for (const { atMinute, act } of schedule) {
      await run.passTo(atMinute);
      await run.perform(act);
    }
    await run.calm(schedule);
    return [...(await run.notAs(wanted)), ...run.bench.losses()];
  } finally {
    await run.close();
  }
}

class ScheduledRun {
  readonly bench: Bench;
  readonly #api: ApiProxy;
  readonly #from: Snapshot;
  readonly #startedAtMs: number;
  readonly #controllers: Mortal[] = [];
  /** Of what is still going on, by what ends it. */
  readonly #ends = new Set<() => void>();
  #faults = 0;
  #lie: object | undefined;

  private constructor(bench: Bench, api: ApiProxy, from: Snapshot) {
    this.bench = bench;
    this.#api = api;
    this.#from = from;
    this.#startedAtMs = bench.clock.monoMs();
  }

  static async start(from: Snapshot): Promise<ScheduledRun> {
    const bench = await startBench({ from });
    const run = new ScheduledRun(bench, await startApiProxy(bench.cluster.url, bench.underWay.hangs), from);
    await run.#begin();
    return run;
  }

  async passTo(minute: number): Promise<void> {
    const { clock } = this.bench;
    await clock.pass(Math.max(0, this.#startedAtMs + minute * MINUTE_MS - clock.monoMs()));
  }

  async perform(act: Act): Promise<void> {
    const { cluster, account, clock } = this.bench;
    switch (act.do) {
      case "put":
        return cluster.put(manifestOf(act.object, act.form));
      case "remove": {
        const [kind, name] = act.object.split(" ") as ["Ingress" | "RouteGroup", string];
        return cluster.live().some(({ owner }) => owner === `${kind} default/${name}`) ? cluster.remove(kind, name) : undefined;
      }
      case "issue":
      case "expire":
        return changeCertificate(this.bench, act.do, this.#from);
      case "terminate":
      case "spot notice": {
        const nodes = NODE_GROUPS.flatMap((group) => [...(account.store.now.autoScalingGroups.get(group)?.instances.keys() ?? [])]);
        const id = nodes[act.node % nodes.length];
        const node = id === undefined ? undefined : account.store.now.instances.get(id);
        if (node?.state !== "running") return undefined;
        return account.byHand((world) =>
          act.do === "terminate" ? withState(world, node, "shutting-down", clock.wallMs()) : withSpotNotice(world, node.id, clock.wallMs()),
        );
      }
      case "lose zone":
        account.byHand((world) => withZoneLost(world, act.zone, clock.wallMs()));
        return this.#endIn(act.minutes, () => account.byHand((world) => withZoneBack(world, act.zone)));
      case "fault": {
        const fault = faultColumns.find(({ name }) => name === act.fault)?.faultFor(act.action);
        if (fault === undefined) return undefined;
        const id = `fault ${++this.#faults}`;
        account.faults.add({ id, action: act.action, from: 1, count: Infinity, fault });
        return this.#endIn(act.minutes, () => void account.faults.remove(id));
      }
      case "lie": {
        // One at a time: the last one counts.
        const lie = {};
        this.#lie = lie;
        this.#api.lie(SUBJECTS[act.about], act.answer);
        return this.#endIn(act.minutes, () => {
          if (this.#lie === lie) this.#api.tellTheTruth();
        });
      }
      case "take lease":
        return this.#takeLease();
      case "kill":
        this.#controllers.at(-1)?.kill();
        await clock.pass(RESTART_MS);
        return this.#begin();
      case "restart":
        await this.#controllers.at(-1)?.close();
        await clock.pass(RESTART_MS);
        return this.#begin();
      default:
        return assertNever(act);
    }
  }

  /** Everything that goes wrong ends, and what was mistyped is mended. */
  async calm(schedule: Schedule): Promise<void> {
    for (const end of this.#ends) end();
    for (const [object, form] of lastForms(schedule)) if (form?.wish === "plain") await this.bench.cluster.put(manifestOf(object, form));
  }

  /**
   * Waits for the end, and lets a person approve what is held for long; answers what is not as it should be. A load balancer that only waits for the
   * budget of another day is as good as gone.
   */
  async notAs(wanted: readonly string[]): Promise<readonly string[]> {
    const { clock } = this.bench;
    let paidLater: readonly string[] = [];
    const differences = (): readonly string[] => {
      const is = comparable(this.bench);
      const extra = [...this.bench.leftovers(), ...is.filter((line) => !wanted.includes(line)).map((line) => `too much: ${line}`)];
      return [
        ...wanted.filter((line) => !is.includes(line)).map((line) => `missing: ${line}`),
        ...extra.filter((line) => !paidLater.some((name) => line.includes(name))),
      ];
    };
    const sinceMs = clock.monoMs();
    while (clock.monoMs() - sinceMs < PATIENCE_HOURS * HOUR_MS) {
      if (differences().length === 0) return [];
      await clock.pass(15 * MINUTE_MS);
      if (clock.monoMs() - sinceMs >= CALM_MS) paidLater = await this.#approveAll();
    }
    return differences();
  }

  async close(): Promise<void> {
    for (const controller of this.#controllers.toReversed()) await controller.close();
    await this.#api.close();
    await this.bench.close();
  }

  async #begin(): Promise<void> {
    const controller = new Mortal(this.bench);
    this.#controllers.push(controller);
    const started = controller.start(`number ${this.#controllers.length}`, LEASE_SECONDS, {}, this.#api.url);
    await this.bench.clock.during(started, HOUR_MS);
  }

  #endIn(minutes: number, end: () => void): void {
    const once = (): void => {
      if (this.#ends.delete(once)) end();
    };
    this.#ends.add(once);
    this.bench.clock.timer(minutes * MINUTE_MS, once);
  }

  /** The holder may just be writing it, too. */
  async #takeLease(): Promise<void> {
    const { cluster, clock } = this.bench;
    for (let attempt = 1; ; attempt++) {
      const { code, body } = await cluster.read(LEASE);
      if (code === 404) return;
      const { spec } = body as { spec: { leaseTransitions: number } };
      const now = new Date(clock.wallMs()).toISOString().replace("Z", "000Z");
      const terms = { holderIdentity: "somebody else", leaseDurationSeconds: 60, leaseTransitions: spec.leaseTransitions + 1 };
      const lease = { ...terms, acquireTime: now, renewTime: now };
      try {
        return await cluster.put({ apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: LEASE_NAME }, spec: lease });
      } catch (error) {
        if (attempt === 5) throw error;
      }
    }
  }

  /** Answers the names of load balancers that wait for nothing but the budget of deletions. */
  async #approveAll(): Promise<readonly string[]> {
    const admin = `http://127.0.0.1:${this.#controllers.at(-1)?.adminPort ?? 0}/held`;
    const { held } = (await (await fetch(admin)).json()) as {
      held: readonly { readonly id: string; readonly keys: readonly string[]; readonly reason: string }[];
    };
    const body = JSON.stringify({ principal: "ada", reason: "nobody needs it" });
    for (const { id } of held) await (await fetch(`${admin}/${id}/approve`, { method: "POST", body })).text();
    return held.flatMap(({ keys, reason }) =>
      /^\d+ of \d+ load balancers went within 1440 minutes/.test(reason) ? keys.map((key) => key.replace(/ load balancer$/, "")) : [],
    );
  }
}
