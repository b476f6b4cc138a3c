import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { systemClock, systemRandom } from "../../kernel/index.ts";
import { createReflector, kinds } from "../../kube/index.ts";
import type { Log } from "../../telemetry/index.ts";
import { serveUntil } from "../control/index.ts";
import { createPartClient, createEventRecorder, keyOf } from "../machinery/index.ts";
import type { Pod } from "../objects/index.ts";
import { createAddressPool } from "./address-pool.ts";
import { createConfigObjects } from "./config-objects.ts";
import { type KubeletConfig, readKubeletConfig } from "./config.ts";
import { startGuard } from "./guard.ts";
import { listenLocalApi } from "./local-api.ts";
import { runNodeAgent } from "./node-agent.ts";
import { decodePod } from "./pod-spec.ts";
import { createPodManager } from "./pod-manager.ts";

/** A kubelet that runs. */
export interface Kubelet {
  /** Ends all containers, then everything else. */
  stop(): Promise<void>;
  /** Ends without its containers, as kill -9 would; for tests. */
  abandon(): Promise<void>;
}

/**
 * Starts a kubelet: finds the containers of the one before, listens on the node's address, then follows the API server for
 * as long as it answers. Nothing running depends on that.
 * @throws AppError KUBELET_BAD_CONFIG, KUBELET_LISTEN.
 */
export async function startKubelet(config: KubeletConfig, deps: { readonly log: Log }): Promise<Kubelet> {
  const settings = readKubeletConfig(config);
  const log = deps.log.child({ node: settings.nodeName });
  const stopping = new AbortController();
  const base = { clock: systemClock, random: systemRandom, log };
  mkdirSync(settings.stateDir, { recursive: true });
  const client = createPartClient(
    { api: settings.api, userAgent: `kubelet/${settings.nodeName}`, ratePerSecond: 200, queueLimit: 2000 },
    base,
  );
  const events = createEventRecorder({ component: "kubelet", host: settings.nodeName }, { ...base, client });
  const manager = createPodManager(join(settings.stateDir, "pods"), {
    ...base,
    client,
    settings,
    addresses: createAddressPool(settings.podBlock),
    configObjects: createConfigObjects(join(settings.stateDir, "objects"), { client, log }),
    confirm: () => reflector.confirm(),
    event: (pod, type, reason, message) => {
      log.info({ pod: keyOf(pod), reason, event: message }, "pod event");
      events.record(pod, type, reason, message);
    },
  });
  const reflector = createReflector<Pod>(
    { resource: kinds.pods, fieldSelector: `spec.nodeName=${settings.nodeName}`, decode: decodePod, backoff: { baseMs: 200, capMs: 3000 } },
    { ...base, client, sink: (evidence) => manager.take(evidence) },
  );
  const server = await listenLocalApi(settings.address, settings.port, {
    clock: systemClock,
    workers: () => manager.workers(),
  });
  const guard = startGuard(settings.stateDir, process.ppid);
  manager.restore();
  reflector.start();
  const agent = runNodeAgent(settings, { ...base, client, signal: stopping.signal });

  const close = async (): Promise<void> => {
    stopping.abort();
    server.closeAllConnections();
    server.close();
    await Promise.all([reflector.stop(), agent, client.close()]);
  };
  return {
    async stop() {
      await manager.stop(settings.shutdownGraceMs);
      guard.dismiss();
      await close();
    },
    async abandon() {
      await manager.abandon();
      await close();
    },
  };
}

/** The kubelet as a process of the lab: one line `ready` on standard output, then until `signal` aborts; ends its containers. */
export async function runKubelet(config: KubeletConfig, deps: { readonly log: Log; readonly signal: AbortSignal }): Promise<void> {
  const kubelet = await startKubelet(config, deps);
  await serveUntil(deps.signal);
  await kubelet.stop();
}
