import type { Log } from "../../telemetry/index.ts";
import { serveUntil } from "../control/index.ts";
import type { ApiServerConfig } from "./config.ts";
import { createApiServer } from "./server.ts";

/**
 * The API server as a process of the lab: writes one line `ready` to standard output when it serves, and resolves
 * when everything is closed after `signal` aborted. Throws what {@link createApiServer} throws.
 */
export async function runApiServer(
  config: ApiServerConfig,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<void> {
  const server = await createApiServer(config, { log });
  log.info({ url: server.url }, "API server is serving");
  await serveUntil(signal);
  await server.close();
}
