import { type AdminListener, type HeldRemoval, openAdminListener } from "../admin/index.ts";
import { type Aws, connectAws } from "../aws/index.ts";
import type { Clock, Random } from "../kernel/index.ts";
import { type KubeClient, createKubeClient, createLeader, leaseTimes } from "../kube/index.ts";
import { createObjectEvents } from "../mirror/index.ts";
import type { Log, MetricsRegistry } from "../telemetry/index.ts";
import { READ_BACK_TIMES } from "./apply/read-back.ts";
import { adminEndpoints } from "./loop/admin-endpoints.ts";
import { createClaimsFeed } from "./loop/claims-feed.ts";
import { Controller } from "./loop/controller.ts";
import { ControllerMeter } from "./loop/meter.ts";
import { Session } from "./loop/session.ts";
import { controllerStatus } from "./loop/status-view.ts";
import { createTelling } from "./loop/telling.ts";
import { WriteGuard } from "./loop/write-guard.ts";
import { createClaimsSource } from "./objects/claims-source.ts";
import { OBSERVE_TIMES, type Observer, createObserver } from "./observe/observer.ts";
import { type RouterPods, type RouterPodsDeps, createRouterPods } from "./observe/router-pods.ts";
import type { AlbOptions } from "./options.ts";
import { certificateReader } from "./removal/certificate-reader.ts";
import { createOwnerReader } from "./removal/owner-reader.ts";
import { Removals } from "./removal/removals.ts";
import { createConfigMapStore } from "./state/config-map-store.ts";
import { createFolderStore } from "./state/folder-store.ts";
import type { StateStore } from "./state/state-store.ts";
import { createStatusWriter } from "./status/status-writer.ts";

export interface AlbDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: MetricsRegistry;
}

/** A running controller. */
export interface RunningAlb {
  readonly adminPort: number;
  /** Ends what is under way, gives the lease back and closes everything. */
  stop(): Promise<void>;
}

/** Rejects with AppError when the admin listener's address cannot be had; whatever else is wrong is told and tried again. */
export async function startAlb(options: AlbOptions, deps: AlbDeps): Promise<RunningAlb> {
  const { clock, log, metrics } = deps;
  const { settings, namespace, identity, cluster } = options;
  const { clusterId, controllerId } = settings;
  const startedAtMs = clock.wallMs();
  const name = leaseName(controllerId);
  // Its calls wait behind nothing, and no guard asks them.
  const leaseClient = createKubeClient({ cluster, userAgent: "holdfast-alb-leader" }, { clock, random: deps.random, log });
  const leader = createLeader(
    { ...leaseTimes(options.leaseSeconds), namespace, name, identity },
    {
      ...deps,
      metrics: { registry: metrics, metric: "holdfast_alb_leader" },
      client: leaseClient,
      onChange: (isLeading) => controller.wake(isLeading ? "it leads" : "it leads no more"),
    },
  );
  const guard = new WriteGuard(leader);
  const client = createKubeClient({ cluster, userAgent: "holdfast-alb", guard: () => void guard.check() }, deps);
  const aws = connectAws({ ...awsPlace(options), guard: () => void guard.check() }, deps);
  const observer = createObserverFor(options, aws, deps);
  const store = storeOf(options, client, guard, log);
  const saved = await loadOrNothing(store, log);
  const source = createClaimsSource(
    { claims: { ...options.objects, settings }, restored: saved.get(CLAIMS) },
    { ...deps, client, onChange: () => controller.wake("objects") },
  );
  const pods = podsOf(options, { ...deps, client, onChange: () => controller.wake("the routers' pods") });
  const claims = createClaimsFeed(source, pods);
  const meter = new ControllerMeter(metrics, clock);
  const ownership = { clusterId, controllerId };
  const writes = { aws, ownership, clock, readBack: READ_BACK_TIMES, guard: guard.check, log, onDecision: meter.decided.bind(meter) };

  const controller: Controller = new Controller({
    ...deps,
    meter,
    leader,
    claims,
    observer,
    aws,
    beginSession: (token) =>
      Session.begin(token, {
        store,
        clock,
        log,
        otherParts: () => new Map([[CLAIMS, source.snapshot()]]),
        createRemovals: (restored, save) =>
          new Removals(
            { brake: options.removals, restMs: options.removalsRestMs, ...(restored === undefined ? {} : { restored }) },
            {
              ...writes,
              metrics,
              owners: createOwnerReader(client),
              traffic: (arn, window) => aws.cloudwatch.traffic(arn, window),
              certificateNow: certificateReader(aws),
              save,
              confirm() {
                observer.lookAgain();
                controller.wake("a removal that asks for proof");
              },
            },
          ),
      }),
    reconciling: {
      settings,
      ownership,
      apply: writes,
      guard,
      log,
      ...(pods === undefined ? {} : { addresses: () => pods.targets() }),
      ...(options.writesStatus ? { tell: tellingOf() } : {}),
    },
  });

  function tellingOf(): ReturnType<typeof createTelling> {
    const events = createObjectEvents(
      client,
      { component: "holdfast-alb", controller: "holdfast.dev/alb", instance: identity },
      { clock, log, guard: () => void guard.check() },
    );
    const writer = createStatusWriter({
      client,
      clock,
      log,
      metrics,
      events,
      object: (owner) => source.object(owner),
      guard: () => void guard.check(),
    });
    return createTelling({ writer, observer, objectProblems: () => claims.problems(), clock, wake: (reason) => controller.wake(reason) });
  }

  let isStopping = false;
  const heldNow = (): readonly HeldRemoval[] => controller.held();
  const admin: AdminListener = await openAdminListener({
    address: options.admin,
    token: options.adminToken,
    hint: "see docs/reference/alb-admin.md: /livez /readyz /statusz /metrics /load-balancers /plan /held",
    endpoints: adminEndpoints({
      isStopping: () => isStopping,
      status: () =>
        controllerStatus(
          {
            options,
            leader,
            controller,
            objects: () => claims.claims(),
            objectProblems: () => claims.problems(),
            openCircuits: () => aws.openCircuits(),
            startedAtMs,
          },
          clock.wallMs(),
        ),
      controller,
      metrics() {
        meter.refresh(heldNow(), aws.openCircuits().length, claims.claims());
        return metrics.dump();
      },
      clock,
    }),
  });
  source.start();
  pods?.start();
  leader.start();
  controller.start();
  return {
    adminPort: admin.port,
    async stop() {
      isStopping = true;
      await controller.stop();
      await Promise.all([source.stop(), pods?.stop()]);
      await leader.release();
      admin.close();
      aws.close();
      await Promise.all([client.close(), leaseClient.close()]);
    },
  };
}

const CLAIMS = "claims";

function leaseName(controllerId: string): string {
  return `holdfast-alb-${controllerId}`;
}

export function awsPlace({ region, endpoint }: AlbOptions): { readonly region?: string; readonly endpoint?: string } {
  return { ...(region === undefined ? {} : { region }), ...(endpoint === undefined ? {} : { endpoint }) };
}

export function createObserverFor(options: AlbOptions, aws: Aws, deps: Pick<AlbDeps, "clock" | "random">): Observer {
  const { clusterId, controllerId, vpcId, targetType } = options.settings;
  return createObserver(
    aws,
    {
      ownership: { clusterId, controllerId },
      vpcId,
      targetType,
      groupTags: options.groupTags,
      certificateFilterTag: options.certificateFilterTag,
      excludedCertificates: options.excludedCertificates,
      readsIamCertificates: true,
      readsRules: options.settings.denial !== undefined,
      times: { ...OBSERVE_TIMES, certificatesMs: options.certificatesEveryMs },
    },
    deps,
  );
}

export function podsOf({ pods, settings }: AlbOptions, deps: RouterPodsDeps): RouterPods | undefined {
  return pods === undefined ? undefined : createRouterPods({ ...pods, port: settings.targetPort }, deps);
}

function storeOf(options: AlbOptions, kube: KubeClient, guard: WriteGuard, log: Log): StateStore {
  const { settings, namespace, stateDirectory } = options;
  const { clusterId, controllerId } = settings;
  if (stateDirectory !== undefined) return createFolderStore(stateDirectory, { clusterId, controllerId }, { log });
  return createConfigMapStore(
    { clusterId, controllerId, namespace, name: leaseName(controllerId) },
    { kube, log, guard: () => void guard.check() },
  );
}

/** What former processes accepted of the objects: without it, all that there is at the first look is accepted. */
async function loadOrNothing(store: StateStore, log: Log): Promise<ReadonlyMap<string, unknown>> {
  try {
    return await store.load();
  } catch (error) {
    log.warn(
      { reason: error instanceof Error ? error.message : String(error) },
      "saved state could not be read: objects are taken as they are found",
    );
    return new Map();
  }
}
