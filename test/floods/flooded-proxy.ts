import { setImmediate as nextTurn } from "node:timers/promises";
import { systemClock, systemRandom } from "../../src/kernel/index.ts";
import { type ProxyOptionsInput, createProxy } from "../../src/proxy/index.ts";
import { compileTable, standardRegistry } from "../../src/route/index.ts";
import { MetricsRegistry, silentLog } from "../../src/telemetry/index.ts";

// A proxy in a process of its own, so that its memory is its own: `flooded-proxy.ts BACKEND_PORT OPTIONS_AS_JSON`, with --expose-gc. It says its
// port over IPC, and how it stands whenever it gets a message.
const [backEndPort = "0", options = "{}"] = process.argv.slice(2);
const collect = (globalThis as unknown as { readonly gc: () => void }).gc;
const metrics = new MetricsRegistry();
const proxy = createProxy(JSON.parse(options) as ProxyOptionsInput, { clock: systemClock, random: systemRandom, metrics, log: silentLog });
const { table } = compileTable(
  { routes: [{ id: "all", predicates: [], filters: [], backend: { type: "network", address: `http://127.0.0.1:${backEndPort}` } }] },
  standardRegistry,
);
proxy.update(table, new Map(), "live");
const { port } = await proxy.listen({ host: "127.0.0.1", port: 0 });
process.on("message", () => void report());
process.on("disconnect", () => process.exit(0));
process.send?.({ port });

/**
 * Says what is held, not what is about to be freed: another thread gives back the buffers that a collection found dead, and
 * `external` counts them until then; a second collection waits for that thread to end with the first's.
 */
async function report(): Promise<void> {
  collect();
  await nextTurn();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ memoryBytes: heapUsed + external, connections: proxy.stats().connections, metrics: metrics.dump() });
}
