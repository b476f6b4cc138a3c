import { join } from "node:path";
import { parseArgs } from "node:util";
import { systemClock } from "../../kernel/index.ts";
import { createLog } from "../../telemetry/index.ts";
import { ExperimentWatch } from "../lab/experiment.ts";
import { createConsoleServer } from "../server/server.ts";
import { createScriptedLab } from "./scripted-lab.ts";

// The console without a cluster, to work on the page: `bin/node src/console/testing/driver.ts --port 4180 --from 30 --quiet`; `--experiments DIR` shows the newest run there.
const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    from: { type: "string", default: "0" },
    speed: { type: "string", default: "1" },
    experiments: { type: "string", default: "" },
    quiet: { type: "boolean", default: false },
  },
});
const lab = createScriptedLab(systemClock, { isPlayed: !values.quiet, speed: Number(values.speed), fromSeconds: Number(values.from) });
const experiments = new ExperimentWatch(values.experiments);
const server = createConsoleServer(
  {
    listen: { port: Number(values.port) },
    uiDirectory: join(import.meta.dirname, "../../../dist/console"),
    snapshot: () => ({ ...lab.snapshot(), experiment: experiments.view() }),
    actions: lab.actions,
  },
  { log: createLog({ level: "warn", name: "console-driver" }), clock: systemClock },
);
const { url } = await server.start();
process.stdout.write(`ready ${url}\n`);
