import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { inNewNamespace } from "../../src/experiment/namespace/network-namespace.ts";
import { whyNoNamespace } from "../../src/experiment/namespace/testing/why-no-namespace.ts";
import type { Journal } from "../../src/experiment/index.ts";

const HOLDFAST = new URL("../../bin/holdfast", import.meta.url).pathname;

/** A server at an address of the lab's range, and a client that keeps its connection; then the experiment, then the rules that are left. */
const SCRIPT = `
  import { spawnSync, spawn } from "node:child_process";
  import { Agent, createServer, get } from "node:http";
  const server = createServer((request, response) => response.end("x".repeat(1000)));
  await new Promise((resolve) => server.listen(8080, "127.30.64.4", resolve));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = () => new Promise((resolve) => {
    const startMs = performance.now();
    const request = get({ host: "127.30.64.4", port: 8080, agent }, (response) => {
      response.resume().on("end", () => resolve({ ms: performance.now() - startMs, error: null, reused: request.reusedSocket }));
      response.on("error", (error) => resolve({ ms: 0, error: error.code }));
    });
    request.on("error", (error) => resolve({ ms: 0, error: error.code }));
  });
  await ask();
  const child = spawn(process.argv[1], process.argv.slice(2), { stdio: ["ignore", "ignore", "inherit"] });
  const seen = [];
  let exit;
  child.on("exit", (code) => (exit = code));
  while (exit === undefined) { seen.push(await ask()); await new Promise((resolve) => setTimeout(resolve, 50)); }
  const after = await ask();
  const rules = spawnSync("iptables-save", { encoding: "utf8" }).stdout.split("\\n").filter((line) => line.includes("holdfast"));
  console.log(JSON.stringify({ exit, seen, after, rules }));
  process.exit(0);
`;

interface Told {
  readonly exit: number;
  readonly seen: readonly { readonly ms: number; readonly error: string | null }[];
  readonly after: { readonly ms: number; readonly error: string | null };
  readonly rules: readonly string[];
}

const why = whyNoNamespace(["iptables", "iptables-save"]);
if (why === undefined) insertTests();
else process.stdout.write(`not run: proxies in the way need a network namespace (${why})\n`);

async function play(t: TestContext, what: object): Promise<{ readonly told: Told; readonly journal: Journal }> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-insert-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const file = join(folder, "experiment.json");
  const provider = { type: "holdfast", activity: "proxy/insert", arguments: { address: "127.30.64.4:8080", ...what } };
  const method = [
    { type: "action", name: "in the way", provider },
    { type: "action", name: "for a while", provider: { type: "process", path: "sleep", arguments: ["1"] } },
  ];
  const alive = { type: "probe", name: "alive", tolerance: 0, provider: { type: "process", path: "true" } };
  const hypothesis = { title: "alive", probes: [alive] };
  writeFileSync(file, JSON.stringify({ title: "proxy", description: "proxy", "steady-state-hypothesis": hypothesis, method }));
  const run = [HOLDFAST, "experiment", "run", file, "--journal", join(folder, "journal.json"), "--state", join(folder, "state")];
  const [program, ...args] = inNewNamespace([process.execPath, "--input-type=module", "--eval", SCRIPT, ...run]);
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], timeout: 60_000, env: { ...process.env, TMPDIR: folder } });
  let out = "";
  let errors = "";
  child.stdout.on("data", (text: Buffer) => (out += text.toString()));
  child.stderr.on("data", (text: Buffer) => (errors += text.toString()));
  await new Promise((resolve) => child.once("close", resolve));
  assert.notEqual(out, "", errors);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith("holdfast-proxy-")),
    [],
    "what says where the proxy is stayed",
  );
  return { told: JSON.parse(out) as Told, journal: JSON.parse(readFileSync(join(folder, "journal.json"), "utf8")) as Journal };
}

function insertTests(): void {
  test("a proxy is put in the way of whoever connects: open connections come again through it, a witness sees it, and it leaves nothing", async (t) => {
    const { told, journal } = await play(t, { toxics: [{ type: "latency", attributes: { latency: 300 } }] });
    assert.equal(told.exit, 0, JSON.stringify(journal.run));
    // The client's own connection was open before, and does not know: it is cut, and slow from then on; and once more when the proxy goes.
    assert.ok(told.seen.filter(({ error }) => error !== null).length <= 3, JSON.stringify(told.seen));
    assert.ok(
      told.seen.some(({ ms }) => ms >= 290),
      JSON.stringify(told.seen),
    );
    assert.equal(told.after.error ?? "", "");
    assert.deepEqual(told.rules, []);
    const [fault] = journal.holdfast?.faults ?? [];
    assert.match(fault?.injectedEvidence ?? "", /^through the fault 200 in \d+ ms, around it 200 in \d+ ms$/);
    assert.ok((fault?.witnessedAt ?? "z") <= (fault?.revertedAt ?? ""));
  });

  test("answers that are reset are seen as resets", async (t) => {
    const { told } = await play(t, { toxics: [{ type: "reset_peer" }] });
    assert.equal(told.exit, 0);
    assert.ok(told.seen.filter(({ error }) => error === "ECONNRESET").length >= 3, JSON.stringify(told.seen));
    assert.equal(told.after.error ?? "", "");
  });

  test("answers over HTTP that are cut in their body are seen so by a rule's witness", async (t) => {
    const { told, journal } = await play(t, { rules: [{ fault: { type: "cut", in: "body", bytes: 100 } }] });
    assert.equal(told.exit, 0, JSON.stringify(journal.run));
    assert.ok(told.seen.filter(({ error }) => error === "ECONNRESET").length >= 3, JSON.stringify(told.seen));
    assert.equal(told.after.error ?? "", "");
    assert.match(journal.holdfast?.faults[0]?.injectedEvidence ?? "", /^through the fault 200, 100 bytes, then ECONNRESET after/);
  });
}
