import { openAdminListener } from "../../admin/index.ts";
import { connectAws } from "../../aws/index.ts";
import type { Clock, Random } from "../../kernel/index.ts";
import { createKubeClient, createLeader, leaseTimes } from "../../kube/index.ts";
import { createObjectEvents } from "../../mirror/index.ts";
import type { Log, MetricsRegistry } from "../../telemetry/index.ts";
import { killerEndpoints } from "./admin/killer-endpoints.ts";
import { Killer } from "./killer.ts";
import type { KillerOptions } from "./killer-options.ts";
import { groupPrey } from "./prey/group-prey.ts";
import { podPrey } from "./prey/pod-prey.ts";
import { planNow } from "./plan/plan-now.ts";
import { RecordStore, setHalt } from "./record/record-store.ts";
import { KillerMeter } from "./tell/killer-meter.ts";

export interface StartDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: MetricsRegistry;
}

export interface RunningKiller {
  readonly adminPort: number;
  /** Resolves when it ended by itself, after `longestRunMs`. */
  readonly over: Promise<void>;
  /** Ends what is under way, gives the Lease back and closes everything. */
  stop(): Promise<void>;
}

/** Rejects with AppError when the admin listener's address cannot be had; whatever else is wrong is told and tried again, and meanwhile nobody is killed. */
export async function startKiller(options: KillerOptions, deps: StartDeps): Promise<RunningKiller> {
  const { cluster, namespace, name, identity } = options;
  const { clock, random, log, metrics } = deps;
  const client = createKubeClient({ cluster, userAgent: "holdfast-chaos" }, { ...deps, log });
  // What renews the Lease must not wait behind lists.
  const leaseClient = createKubeClient({ cluster, userAgent: "holdfast-chaos-leader" }, { clock, random, log });
  const leader = createLeader(
    { ...leaseTimes(options.leaseSeconds), namespace, name, identity },
    {
      clock,
      random,
      log,
      client: leaseClient,
      metrics: { registry: metrics, metric: "holdfast_chaos_leader" },
      onChange: () => killer.wake(),
    },
  );
  const guard = (): void => void leader.guard();
  // A kill whose answer is lost is not made again: what was killed once may be back under its name.
  const killing = createKubeClient({ cluster, userAgent: "holdfast-chaos", guard, caller: { attempts: 1 } }, { clock, random, log });
  const recording = createKubeClient({ cluster, userAgent: "holdfast-chaos", guard }, { clock, random, log });
  const meter = new KillerMeter(metrics, options.isDry);
  const aws = options.instances === undefined ? undefined : connectAws({ ...options.instances.aws, guard }, deps);
  const telling = {
    log,
    meter,
    events: createObjectEvents(
      client,
      { component: "holdfast-chaos", controller: "holdfast.dev/chaos", instance: identity },
      { clock, log, guard },
    ),
    webhooks: options.webhooks,
  };
  const prey =
    aws === undefined || options.instances === undefined
      ? podPrey(options, { ...telling, client, killing, clock })
      : groupPrey({ ...options, grouping: options.instances.grouping }, { ...telling, aws, clock });
  const store = new RecordStore(recording, { namespace, name });
  const killer: Killer = new Killer(options, { clock, random, log, leader, client, meter, prey, store });
  const stopping = new AbortController();
  const admin = await openAdminListener({
    address: options.admin,
    token: options.adminToken,
    hint: "see docs/reference/chaos.md: /livez /readyz /healthz /statusz /metrics /plan /schedule /record, POST /halt /resume",
    endpoints: killerEndpoints({
      options,
      killer,
      leader,
      metrics,
      clock,
      isStopping: () => stopping.signal.aborted,
      plan: () => planNow({ ...options, namespace: options.scope }, { client, clock, random }, AbortSignal.timeout(30_000)),
      halt: (reason) => setHalt(client, { namespace, name }, reason),
    }),
  });
  leader.start();
  if (options.longestRunMs > 0) clock.timer(options.longestRunMs, () => stopping.abort());
  const running = killer.run(stopping.signal);
  const closed = running.then(async () => {
    await leader.release();
    admin.close();
    aws?.close();
    await Promise.all([client.close(), leaseClient.close(), killing.close(), recording.close()]);
  });
  return {
    adminPort: admin.port,
    over: closed,
    async stop() {
      stopping.abort();
      await closed;
    },
  };
}
