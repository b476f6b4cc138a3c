import { routeRegistry } from "../../auth/index.ts";
import { type Clock, messageOf } from "../../kernel/index.ts";
import { type LoadedPlugins, loadPlugins } from "../../plugin/index.ts";
import type { Log, MetricsRegistry } from "../../telemetry/index.ts";
import type { Channel } from "../channel.ts";
import type { FromWorker, ToWorker } from "../messages.ts";

interface PluginDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: MetricsRegistry;
  readonly channel: Channel<ToWorker, FromWorker>;
}

/**
 * Loads plugins into a worker. One that cannot be loaded refuses the start of a router; a worker of one that serves goes on without it, and
 * the routes that name what it has answer 503.
 */
export async function loadWorkerPlugins(files: readonly string[], { clock, log, metrics, channel }: PluginDeps): Promise<LoadedPlugins> {
  const failures = metrics.counter("holdfast_plugin_predicate_failures_total", "Times a predicate of a plugin has thrown, by predicate.", [
    "predicate",
  ]);
  const told = new Set<string>();
  const loaded = await loadPlugins(files, routeRegistry(), clock, (predicate, thrown) => {
    failures.with(predicate).add();
    if (told.has(predicate)) return;
    told.add(predicate);
    log.warn({ predicate, reason: messageOf(thrown) }, "a predicate of a plugin throws, it does not match; this is told once");
  });
  for (const { code, message } of loaded.problems) channel.send({ type: "fatal", code, message });
  return loaded;
}
