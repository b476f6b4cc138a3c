import { ignoreStopSignals } from "./router-child.ts";

// Forked by the supervisor of a router.
ignoreStopSignals();
const { runControlProcess } = await import("../router/index.ts");
await runControlProcess((code) => process.exit(code));
