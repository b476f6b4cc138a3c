import type { ServerLimits, ServerLimitsDeps } from "./shared-limits.ts";
import type { SharedLimitOptions } from "./options.ts";

export { type SharedLimitOptions, parseLimitServers } from "./options.ts";
export type { ServerLimits } from "./shared-limits.ts";

/** Connects to the servers in the background. The client is loaded only here: who names no server does without it. */
export async function startServerLimits(options: SharedLimitOptions, deps: ServerLimitsDeps): Promise<ServerLimits> {
  const module = await import("./shared-limits.ts");
  const limits = new module.ServerLimits(options, deps);
  limits.start();
  return limits;
}
