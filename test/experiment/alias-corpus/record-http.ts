// Records what chaostoxi and chaosprometheus answer: bin/node test/experiment/alias-corpus/record-http.ts PYTHON, where PYTHON has them. Each case of
// http-cases.json gets its `answer`, and `shown`: the proxies that there are then.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { openHttpWorld } from "./http-world.ts";

const file = join(import.meta.dirname, "http-cases.json");
const cases = JSON.parse(readFileSync(file, "utf8")) as readonly object[];
await using world = await openHttpWorld();
const python = spawn(process.argv[2] ?? "python3", ["-u", join(import.meta.dirname, "record.py")], { stdio: ["pipe", "pipe", "inherit"] });
const answers = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
const recorded: unknown[] = [];
for (const one of cases) {
  python.stdin.write(`${JSON.stringify({ ...one, configuration: world.configuration })}\n`);
  const line = await answers.next();
  recorded.push({ ...one, answer: JSON.parse(String(line.value)) as unknown, shown: await world.proxies() });
}
python.stdin.end();
writeFileSync(file, `${JSON.stringify(recorded, null, 2)}\n`);
process.stdout.write(`${recorded.length} cases recorded\n`);
