import { systemClock } from "../../../kernel/index.ts";
import { silentLog } from "../../../telemetry/index.ts";
import { elbv2 } from "../elbv2/elbv2.ts";
import { FaultScript } from "../faults/fault.ts";
import { AwsFront } from "../front/aws-front.ts";
import { serveAws } from "../front/http-server.ts";
import { readWorld, writeWorld } from "../world/world-file.ts";
import { WorldStore } from "../world/world-store.ts";
import { ACCOUNT, LAB_KEY, threeZones } from "./test-account.ts";

// A process that serves Elastic Load Balancing from the world of a file, to be killed by tests. Prints its port.
const file = process.argv[2];
if (file === undefined) throw new Error("say the file of the world");
const store = new WorldStore(readWorld(file) ?? threeZones(), systemClock.wallMs(), (world) => writeWorld(file, world));
const front = new AwsFront({
  account: ACCOUNT,
  clock: systemClock,
  store,
  services: [elbv2({ healthOf: () => undefined, provisioningMs: 0 })],
  keyOf: (id) => (id === LAB_KEY.id ? { ...LAB_KEY, principal: `arn:aws:iam::${ACCOUNT}:user/lab` } : undefined),
  buckets: new Map(),
  faults: new FaultScript(),
});
const { port } = await serveAws(front, { host: "127.0.0.1", port: 0 }, silentLog);
process.stdout.write(`${port}\n`);
