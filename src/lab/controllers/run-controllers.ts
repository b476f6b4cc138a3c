import { systemClock, systemRandom } from "../../kernel/index.ts";
import type { Log } from "../../telemetry/index.ts";
import { serveUntil } from "../control/index.ts";
import { createPartClient, createEventRecorder } from "../machinery/index.ts";
import { startCloudNodeController } from "./cloud-nodes.ts";
import { type ControllersConfig, readControllersConfig } from "./config.ts";
import { type ControllerContext, createCaches } from "./context.ts";
import { startCronJobController } from "./cron-job.ts";
import { startDaemonSetController } from "./daemon-set.ts";
import { startDeploymentController } from "./deployment.ts";
import { startEndpointSliceController } from "./endpoint-slices.ts";
import { startGarbageCollector } from "./garbage-collector.ts";
import { startJobController } from "./job.ts";
import { startNamespaceController } from "./namespace-deletion.ts";
import { startNodeLifecycleController } from "./node-lifecycle.ts";
import { startReplicaSetController } from "./replica-set.ts";

/** All controllers over one set of copies. */
export interface Controllers {
  stop(): Promise<void>;
}

/** Starts the controllers; they never give up on an API server that is away. @throws AppError CONTROLLERS_BAD_CONFIG. */
export function startControllers(config: ControllersConfig, deps: { readonly log: Log }): Controllers {
  const settings = readControllersConfig(config);
  const base = { clock: systemClock, random: systemRandom, log: deps.log };
  const client = createPartClient(
    { api: settings.api, userAgent: "controllers", ratePerSecond: settings.writesPerSecond, queueLimit: 10_000 },
    base,
  );
  const caches = createCaches({ ...base, client });
  const events = createEventRecorder({ component: "controllermanager" }, { ...base, client });
  const context: ControllerContext = { ...base, client, events, settings, caches };
  const controllers = [
    startNamespaceController(context),
    startNodeLifecycleController(context),
    startCloudNodeController(context),
    startEndpointSliceController(context),
    startReplicaSetController(context),
    startDeploymentController(context),
    startDaemonSetController(context),
    startJobController(context),
    startCronJobController(context),
    startGarbageCollector(context),
  ];
  for (const informer of Object.values(caches)) informer.start();
  return {
    async stop() {
      await Promise.all(Object.values(caches).map((informer) => informer.stop()));
      await client.close();
      await Promise.all(controllers.map((controller) => controller.close()));
    },
  };
}

/** The controllers as a process of the lab: one line `ready` on standard output, then until `signal` aborts. */
export async function runControllers(config: ControllersConfig, deps: { readonly log: Log; readonly signal: AbortSignal }): Promise<void> {
  const controllers = startControllers(config, deps);
  await serveUntil(deps.signal);
  await controllers.stop();
}
