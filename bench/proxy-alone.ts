import { type AppError, systemClock, systemRandom } from "../src/kernel/index.ts";
import { createProxy } from "../src/proxy/index.ts";
import { compileTable, standardRegistry } from "../src/route/index.ts";
import { MetricsRegistry, createLog } from "../src/telemetry/index.ts";

/** The data plane by itself: one process, one route to one endpoint. `node proxy-alone.ts PORT BACKEND_PORT`. */
const [port = "0", backendPort = "0"] = process.argv.slice(2);
const { table } = compileTable(
  { routes: [{ id: "all", predicates: [], filters: [], backend: { type: "network", address: `http://127.0.0.1:${backendPort}` } }] },
  standardRegistry,
);
const proxy = createProxy(
  {},
  { clock: systemClock, random: systemRandom, metrics: new MetricsRegistry(), log: createLog({ level: "warn", name: "bench" }) },
);
proxy.update(table, new Map(), "live");
try {
  const { port: bound } = await proxy.listen({ host: "127.0.0.1", port: Number(port) });
  process.stdout.write(`listening on ${bound}\n`);
} catch (thrown) {
  process.stderr.write(`${(thrown as AppError).message}\n`);
  process.exitCode = 1;
}

process.once("SIGINT", () => {
  void proxy.close({ timeoutMs: 1_000 }).then(() => process.exit(0));
});
