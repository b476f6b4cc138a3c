import { ignoreStopSignals } from "./router-child.ts";

// Forked by the supervisor of a router. It decides when this process ends; a signal to the whole group must not come before it.
ignoreStopSignals();
const { runWorkerProcess } = await import("../router/index.ts");
await runWorkerProcess((code) => process.exit(code));
