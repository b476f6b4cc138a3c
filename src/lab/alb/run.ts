import { systemClock, systemRandom } from "../../kernel/index.ts";
import type { Log } from "../../telemetry/index.ts";
import { serveUntil, startControlServer } from "../control/index.ts";
import { controlRoutes } from "./control-routes.ts";
import { LoadBalancer } from "./load-balancer.ts";
import { parseAlbConfig } from "./parse-config.ts";

/**
 * The lab part `alb`: runs one load balancer until `signal` aborts, then closes everything and resolves. Writes the line
 * `ready` once it serves. `config` is an `AlbConfig` as JSON; what it leaves out takes AWS's default.
 * @throws AppError ALB_BAD_CONFIG, ALB_LISTEN, ALB_TARGET_GROUP_NOT_FOUND, CONTROL_LISTEN, CONTROL_NOT_LOOPBACK
 */
export async function runAlb(config: unknown, deps: { readonly log: Log; readonly signal: AbortSignal }): Promise<void> {
  const parsed = parseAlbConfig(config);
  const alb = new LoadBalancer(parsed, { clock: systemClock, random: systemRandom, log: deps.log });
  await alb.start();
  try {
    const control = await startControlServer(parsed.control, controlRoutes(alb), deps.log);
    try {
      await serveUntil(deps.signal);
    } finally {
      await control.close();
    }
  } finally {
    await alb.close();
  }
}
