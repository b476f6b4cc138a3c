// A candidate for leading that writes ConfigMaps as fast as it may, for leader.test.ts: lease-writer.ts API-SERVER TOKEN IDENTITY.
import { systemClock, systemRandom } from "../../src/kernel/index.ts";
import { createKubeClient, kinds } from "../../src/kube/index.ts";
import { createLeader } from "../../src/kube/lease/leader.ts";
import { LEASE, SHORT_TIMES } from "./lease-kit.ts";

const [server = "", token = "", identity = ""] = process.argv.slice(2);
const cluster = { server, credentials: { type: "token", token }, namespace: "default" } as const;
const deps = { clock: systemClock, random: systemRandom };
const leader = createLeader(
  { ...LEASE, ...SHORT_TIMES, identity },
  { ...deps, client: createKubeClient({ cluster }, deps), onChange: (isLeading) => console.log(isLeading ? "leads" : "leads not") },
);
const client = createKubeClient(
  { cluster, guard: () => void leader.guard(), caller: { rate: { perSecond: 200, burst: 5, queueLimit: 100 } } },
  deps,
);
leader.start();
// Keeps the process; many writes wait in the client at once, so that one that is stopped has some of them anywhere on their way.
for (let number = 0; ; number++) {
  const name = `${identity}-${number}`;
  const data = { by: identity, token: String(leader.status().token ?? "") };
  const written = client.create(kinds.configMaps, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "default" },
    data,
  } as never);
  await Promise.race([written.catch(() => {}), new Promise((resolve) => setTimeout(resolve, 5))]);
}
