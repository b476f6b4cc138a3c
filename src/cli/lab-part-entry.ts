import { readFileSync } from "node:fs";
import { enableCompileCache } from "node:module";
import type { Log } from "../telemetry/index.ts";

// One part of the lab as a process: `lab-part-entry.ts NAME CONFIG.json`. Lean on purpose: a lab starts a dozen of these at once.
enableCompileCache();

type Run = (config: never, deps: { readonly log: Log; readonly signal: AbortSignal }) => Promise<void>;

const parts: Readonly<Record<string, () => Promise<Run>>> = {
  apiserver: async () => (await import("../lab/apiserver/index.ts")).runApiServer,
  scheduler: async () => (await import("../lab/scheduler/index.ts")).runScheduler,
  controllers: async () => (await import("../lab/controllers/index.ts")).runControllers,
  kubelet: async () => (await import("../lab/kubelet/index.ts")).runKubelet,
  aws: async () => (await import("../lab/aws/index.ts")).runLabAws,
  alb: async () => (await import("../lab/alb/index.ts")).runAlb,
  load: async () => (await import("../lab/load/index.ts")).runLoad,
};

const [name = "", configFile = ""] = process.argv.slice(2);
const load = Object.hasOwn(parts, name) ? parts[name] : undefined;
if (load === undefined) {
  process.stderr.write(`lab part: no part is called '${name}'; there are ${Object.keys(parts).join(", ")}\n`);
  process.exit(2);
}

// The orchestrator's death closes the channel; nothing of the lab may outlive it.
const ending = new AbortController();
process.once("disconnect", () => ending.abort());
process.once("SIGTERM", () => ending.abort());
process.on("SIGINT", () => {}); // Ctrl-C reaches the whole terminal group; the orchestrator decides the order of the end.

const { createLog } = await import("../telemetry/index.ts");
try {
  const run = await load();
  await run(JSON.parse(readFileSync(configFile, "utf8")) as never, { log: createLog({ level: "info", name }), signal: ending.signal });
} catch (thrown) {
  process.stderr.write(`lab part ${name}: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
  process.exitCode = 1;
}
process.disconnect?.();
