import { systemClock, systemRandom } from "../../kernel/index.ts";
import type { Log } from "../../telemetry/index.ts";
import { serveUntil, startControlServer } from "../control/index.ts";
import { controlRoutes } from "./control-routes.ts";
import { readHosted } from "./host-file.ts";
import { LoadBalancerHost } from "./host.ts";
import { parseHostConfig } from "./parse-config.ts";

/**
 * The lab part `alb`: hosts load balancers until `signal` aborts, then closes everything and resolves. Writes the line
 * `ready` once it serves. `config` is a `HostConfig` as JSON; what it leaves out takes AWS's default.
 * @throws AppError ALB_BAD_CONFIG, ALB_HOST_UNREADABLE, CONTROL_LISTEN, CONTROL_NOT_LOOPBACK
 */
export async function runAlb(config: unknown, deps: { readonly log: Log; readonly signal: AbortSignal }): Promise<void> {
  const { control, stateFile, loadBalancers } = parseHostConfig(config);
  const kept = stateFile === undefined ? undefined : readHosted(stateFile);
  const host = new LoadBalancerHost(stateFile, { clock: systemClock, random: systemRandom, log: deps.log });
  await host.resume(kept ?? loadBalancers);
  try {
    const server = await startControlServer(control, controlRoutes(host), deps.log);
    try {
      await serveUntil(deps.signal);
    } finally {
      await server.close();
    }
  } finally {
    await host.close();
  }
}
