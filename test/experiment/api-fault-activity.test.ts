import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Journal } from "../../src/experiment/index.ts";
import { inNewNamespace } from "../../src/experiment/namespace/network-namespace.ts";
import { whyNoNamespace } from "../../src/experiment/namespace/testing/why-no-namespace.ts";

// `api/fault` between the API server of a lab and who lists: by the firewall of the lab's network namespace.
const ROOT = new URL("../../", import.meta.url).pathname;

/** What of a lab is in the way of `api/fault`: its API server, and the files that say where it is. Then the experiment, and who lists meanwhile. */
const SCRIPT = `
  import { spawn, spawnSync } from "node:child_process";
  import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
  import { dirname, join } from "node:path";
  import { startApiServer } from "${ROOT}src/lab/apiserver/testing/index.ts";
  import { identify } from "${ROOT}src/kernel/index.ts";
  import { networkNamespaceOf } from "${ROOT}src/experiment/namespace/network-namespace.ts";
  const [folder, ...run] = process.argv.slice(1);
  const server = await startApiServer({ listen: { host: "127.30.0.1", port: 0 } });
  mkdirSync(join(folder, "api"), { recursive: true });
  for (const name of ["apiserver.crt", "apiserver.key"]) copyFileSync(join(dirname(server.kubeconfigFile), name), join(folder, "api", name));
  copyFileSync(server.kubeconfigFile, join(folder, "kubeconfig"));
  writeFileSync(join(folder, "aws.env"), "export AWS_ENDPOINT_URL=http://127.30.0.2:4566\\n");
  const { pid, startTime } = identify(process.pid);
  const lab = { version: 1, pid, startedAtTicks: startTime, kubeconfig: "kubeconfig", awsEnvironment: { AWS_ENDPOINT_URL: "http://127.30.0.2:4566" }, url: "http://127.0.0.1:1", token: "t", awsControl: { url: "http://127.0.0.1:1", token: "t" }, networkNamespace: networkNamespaceOf("self") };
  writeFileSync(join(folder, "lab.json"), JSON.stringify(lab));
  const list = async () => {
    try {
      const { code, body } = await server.call("GET", "/api/v1/namespaces");
      return code === 200 ? body.items.length : code;
    } catch (error) { return error.code ?? error.message; }
  };
  const before = await list();
  const child = spawn(run[0], run.slice(1), { stdio: ["ignore", "ignore", "inherit"] });
  let exit;
  child.on("exit", (code) => (exit = code));
  const seen = [];
  while (exit === undefined) { seen.push(await list()); await new Promise((resolve) => setTimeout(resolve, 50)); }
  const after = await list();
  const rules = spawnSync("iptables-save", { encoding: "utf8" }).stdout.split("\\n").filter((line) => line.includes("holdfast"));
  console.log(JSON.stringify({ before, exit, seen, after, rules }));
  await server.close();
  process.exit(0);
`;

interface Told {
  readonly before: number;
  readonly exit: number;
  readonly seen: readonly (number | string)[];
  readonly after: number;
  readonly rules: readonly string[];
}

const why = whyNoNamespace(["iptables", "iptables-save"]);
if (why === undefined) faultTests();
else process.stdout.write(`not run: faults of the lab's API need a network namespace (${why})\n`);

async function play(t: TestContext, given: object): Promise<{ readonly told: Told; readonly journal: Journal }> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-api-fault-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const [file, journal] = [join(folder, "experiment.json"), join(folder, "journal.json")];
  const provider = { type: "holdfast", activity: "api/fault", arguments: { of: "kubernetes", ...given } };
  const alive = { type: "probe", name: "alive", tolerance: 0, provider: { type: "process", path: "true" } };
  const method = [
    { type: "action", name: "broken", provider },
    { type: "action", name: "for a while", provider: { type: "process", path: "sleep", arguments: ["1"] } },
  ];
  writeFileSync(file, JSON.stringify({ title: "t", description: "d", "steady-state-hypothesis": { title: "h", probes: [alive] }, method }));
  const run = [
    join(ROOT, "bin/holdfast"),
    "experiment",
    "run",
    file,
    "--lab",
    folder,
    "--journal",
    journal,
    "--state",
    join(folder, "state"),
  ];
  const [program, ...args] = inNewNamespace([process.execPath, "--input-type=module", "--eval", SCRIPT, folder, ...run]);
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], timeout: 120_000 });
  let out = "";
  let errors = "";
  child.stdout.on("data", (text: Buffer) => (out += text.toString()));
  child.stderr.on("data", (text: Buffer) => (errors += text.toString()));
  await new Promise((resolve) => child.once("close", resolve));
  assert.notEqual(out, "", errors);
  assert.ok(existsSync(journal), `${out}${errors}`);
  return { told: JSON.parse(out) as Told, journal: JSON.parse(readFileSync(journal, "utf8")) as Journal };
}

function faultTests(): void {
  test("everybody's lists are empty while it lasts, a witness sees it, and nothing of it stays", async (t) => {
    const { told, journal } = await play(t, { fault: { type: "empty_list" }, match: { verb: "list", resource: "namespaces" } });
    assert.equal(told.exit, 0, JSON.stringify(journal.run));
    assert.ok(told.before > 0);
    assert.ok(told.seen.includes(0), told.seen.join());
    assert.equal(told.after, told.before);
    assert.deepEqual(told.rules, []);
    const [fault] = journal.holdfast?.faults ?? [];
    assert.match(fault?.witness ?? "", /^GET \/api\/v1\/namespaces at 127\.30\.0\.1:\d+$/);
    assert.match(fault?.injectedEvidence ?? "", /^through the fault 200 in \d+ ms, around it 200 in \d+ ms$/);
  });

  test("a fault that counts requests is seen by what befell others", async (t) => {
    const { told, journal } = await play(t, { fault: { type: "kube_status", code: 503 }, match: { verb: "list" }, skip: 1, count: 2 });
    assert.equal(told.exit, 0, JSON.stringify(journal.run));
    // On a machine that is busy it may be over before a third list was asked for.
    const broken = told.seen.filter((one) => one === 503).length;
    assert.ok(broken === 1 || broken === 2, told.seen.join());
    assert.equal(told.after, told.before);
    assert.match(journal.holdfast?.faults[0]?.injectedEvidence ?? "", /^the proxy broke [12] of \d+ requests that fit$/);
  });
}
