// Records what the real packages answer on a real API server: bin/node test/experiment/alias-corpus/record.ts PYTHON FOLDER, where PYTHON has
// chaosk8s and its like, and FOLDER is that of a control plane (tools/real-control-plane.sh FOLDER PORT prepare, then etcd, then apiserver) that is
// new. Each case of cases.json gets its `answer`, and those with `looks` what is then to be seen.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { lasting } from "./lasting.ts";
import { openWorldServer } from "./world-server.ts";
import { makeWorld } from "./world.ts";

interface Case {
  readonly looks?: readonly string[];
}

const file = join(import.meta.dirname, "cases.json");
const cases = JSON.parse(readFileSync(file, "utf8")) as readonly Case[];
await using server = await openWorldServer(process.argv[3]);
await makeWorld(server);
const python = spawn(process.argv[2] ?? "python3", ["-u", join(import.meta.dirname, "record.py")], {
  stdio: ["pipe", "pipe", "inherit"],
  env: { ...process.env, KUBECONFIG: server.kubeconfigFile },
});
const answers = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
const recorded: unknown[] = [];
for (const one of cases) {
  python.stdin.write(`${JSON.stringify(one)}\n`);
  const line = await answers.next();
  const shown: unknown[] = [];
  for (const path of one.looks ?? []) shown.push(lasting((await server.call("GET", path)).body));
  recorded.push({ ...one, answer: lasting(JSON.parse(String(line.value))), ...(shown.length === 0 ? {} : { shown }) });
}
python.stdin.end();
writeFileSync(file, `${JSON.stringify(recorded, null, 2)}\n`);
process.stdout.write(`${recorded.length} cases recorded\n`);
