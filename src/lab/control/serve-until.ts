import { once } from "node:events";

/**
 * What every part does once it runs: says so to the orchestrator by one line `ready` on standard output, then serves until
 * `signal` aborts. Keeps the process alive meanwhile: a client that waits for a server that is away holds nothing open.
 */
export async function serveUntil(signal: AbortSignal): Promise<void> {
  const alive = setInterval(() => {}, 60_000);
  process.stdout.write("ready\n");
  if (!signal.aborted) await once(signal, "abort");
  clearInterval(alive);
}
