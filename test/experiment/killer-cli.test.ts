import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { chaosCommand } from "../../src/cli/chaos.ts";
import { AppError } from "../../src/kernel/index.ts";
import { until } from "../../src/kernel/testing/until.ts";
import { killerWorld } from "./killer-kit.ts";

const PATIENCE_MS = 30_000;
const IN = { "holdfast.dev/chaos": "enabled", "kube-monkey/mtbf": "1h" };

/** Runs to its end. */
async function holdfast(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn("bin/holdfast", ["chaos", ...args], { env: { ...process.env, ...env }, timeout: 60_000, killSignal: "SIGKILL" });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { stdout, stderr, code: code as unknown };
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-killer-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

test("bad input is one line that says what and how to mend it, before the cluster is asked for anything", async (t) => {
  const folder = folderOf(t);
  const holidays = join(folder, "holidays.txt");
  writeFileSync(holidays, "2026-12-25 Christmas\n2026-12-32\n");
  const hypothesis = join(folder, "experiment.yaml");
  writeFileSync(hypothesis, "title: a\ndescription: b\nsteady-state-hypothesis: {title: c, probes: []}\nmethod: []\n");
  // Nobody listens there: it is not asked.
  const kubeconfig = join(folder, "kubeconfig");
  const cluster = {
    clusters: [{ name: "c", cluster: { server: "http://127.0.0.1:1" } }],
    users: [{ name: "u", user: {} }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
  writeFileSync(kubeconfig, JSON.stringify({ apiVersion: "v1", kind: "Config", ...cluster }));
  const cases: readonly (readonly [args: readonly string[], line: RegExp, env?: Readonly<Record<string, string>>])[] = [
    [["--excluded-weekdays", "Saterday"], /^--excluded-weekdays: "Saterday" is no day of the week: write Sat/],
    [[], /^--excluded-weekdays: "Sundy" is no day/, { CHAOSKUBE_EXCLUDED_WEEKDAYS: "Sundy" }],
    [["--holidays", holidays], /holidays\.txt:2:1: "2026-12-32" is no date/],
    [["--labels", "app shop"], /"app shop" in label selector/],
    [["--included-pod-names", "("], /^--included-pod-names "\(": .*RE2/],
    [["--opt-in", "selectors"], /^--opt-in selectors: name who is meant/],
    [["--interval", "10"], /^--interval "10": write a duration/],
    [["--notify-url", "http://127.0.0.1:1", "--notify-message", "{$name} is gone"], /^--notify-message does not say \{\$dryrun\}/],
    [["--hypothesis", hypothesis], /experiment\.yaml.*probes/],
    [[], /^KUBEMONKEY_RUN_HOUR < KUBEMONKEY_START_HOUR/, { KUBEMONKEY_START_HOUR: "17" }],
    [[], /^KUBEMONKEY_FOO is not known here/, { KUBEMONKEY_FOO: "1" }],
  ];
  for (const [args, line, env = {}] of cases) {
    Object.assign(process.env, env);
    // In this process: that AppErrors end a command with one line and 2 is seen once, below.
    await assert.rejects(chaosCommand().parseAsync(["run", "--kubeconfig", kubeconfig, ...args], { from: "user" }), (error) => {
      assert.ok(error instanceof AppError);
      assert.match(error.message, line);
      return true;
    });
    for (const name of Object.keys(env)) delete process.env[name];
  }
  const { code, stderr } = await holdfast(["run", "--kubeconfig", kubeconfig, "--excluded-weekdays", "Saterday"]);
  assert.deepEqual([code, stderr.trim().split("\n").length], [2, 1], stderr);
});

test("plan and schedule say who and when, halt and resume pull the lever, and a run with the steady state of a file kills while it is met", async (t) => {
  const world = await killerWorld(t);
  await world.deployment("cart", IN);
  await world.deployment("search");
  const place = ["--kubeconfig", world.server.kubeconfigFile, "--namespace", "chaos"];
  const plan = await holdfast(["plan", "--kubeconfig", world.server.kubeconfigFile, "--seed", "1"]);
  assert.match(plan.stdout, /drawn: 1\n {2}shop\/cart-\d {2}Deployment shop\/cart: 3 of 3 are ready, 2 are left\nsafe: 5\n/);
  assert.match(plan.stdout, /nobody agreed to it: [^\n]*: shop\/search-0 shop\/search-1 shop\/search-2/);
  const early = await holdfast(["schedule", ...place]);
  assert.deepEqual([early.code, /there is no record chaos\/holdfast-chaos yet/.test(early.stderr)], [1, true]);

  let status = 503;
  const steady = createServer((_, response) => response.writeHead(status).end());
  await new Promise<void>((resolve) => steady.listen(0, "127.0.0.1", resolve));
  t.after(() => steady.close());
  const url = `http://127.0.0.1:${(steady.address() as AddressInfo).port}`;
  const file = join(folderOf(t), "experiment.json");
  const probe = { type: "probe", name: "the shop answers", tolerance: 200, provider: { type: "http", url: "${shop}" } };
  writeFileSync(
    file,
    JSON.stringify({
      title: "a",
      description: "b",
      configuration: { shop: "x" },
      "steady-state-hypothesis": { title: "c", probes: [probe] },
      method: [],
    }),
  );
  const args = [
    "chaos",
    "run",
    ...place,
    "--interval",
    "1s",
    "--no-dry-run",
    "--admin",
    "127.0.0.1:0",
    "--hypothesis",
    file,
    "--var",
    `shop=${url}`,
  ];
  const child = spawn("bin/holdfast", args, { stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  let logged = "";
  child.stderr.on("data", (chunk: Buffer) => (logged += chunk.toString()));
  await until("the gate says why", () => logged.includes("the steady state is not met (the shop answers)"), PATIENCE_MS);
  assert.equal((await world.pods()).length, 6);

  assert.equal((await holdfast(["halt", ...place, "--reason", "a release"])).code, 0);
  status = 200;
  await until("the lever is seen", () => /"outcome":"halted"[^\n]*a release/.test(logged), PATIENCE_MS);
  assert.match(
    (await holdfast(["schedule", ...place, "--days", "2"])).stdout,
    /minutes at which something may be killed\n {2}\d{4}-\d{2}-\d{2} \d{2}:\d{2} UTC {2}Deployment shop\/cart\n/,
  );
  assert.equal((await world.pods()).length, 6);
  assert.equal((await holdfast(["resume", ...place])).code, 0);
  await until("a pod is gone", async () => (await world.pods()).length === 5, PATIENCE_MS);
  const ended = once(child, "close");
  child.kill("SIGTERM");
  assert.deepEqual((await ended)[0], 0);
});
