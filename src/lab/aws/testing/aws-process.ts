import { systemClock } from "../../../kernel/index.ts";
import { silentLog } from "../../../telemetry/index.ts";
import { startLabAws } from "../lab-aws.ts";
import { testOptions } from "./test-account.ts";

// A process that keeps an account in a file, to be killed by tests. Prints its port.
const stateFile = process.argv[2];
if (stateFile === undefined) throw new Error("say the file of the account");
const { port } = await startLabAws({ ...testOptions, clock: systemClock, log: silentLog, stateFile });
process.stdout.write(`${port}\n`);
