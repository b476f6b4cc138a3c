import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

/** Runs `holdfast lab` with what it should refuse before it starts anything; one line on standard error, and exit code 2. */
function refuse(args: readonly string[]): string {
  const run = spawnSync("bin/holdfast", ["lab", "--port", "0", ...args], { encoding: "utf8", timeout: 30_000, killSignal: "SIGKILL" });
  assert.equal(run.status, 2, `${args.join(" ")}: ${run.signal ?? ""} ${run.stderr}`);
  assert.equal(run.stderr.trim().split("\n").length, 1, run.stderr);
  assert.doesNotMatch(run.stdout, /starting a cluster/);
  return run.stderr;
}

function scratch(t: { after(end: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-lab-input-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
  return folder;
}

test("a folder that is not a lab's is refused and keeps what is in it", (t) => {
  const folder = scratch(t);
  writeFileSync(join(folder, "thesis.tex"), "years of work");
  assert.match(refuse(["--state", folder]), /is not empty and not a lab's folder; give --state a new or empty one/);
  assert.deepEqual(readdirSync(folder), ["thesis.tex"]);
  assert.equal(readFileSync(join(folder, "thesis.tex"), "utf8"), "years of work");
});

test("a folder in use by a running lab is refused", (t) => {
  const folder = scratch(t);
  writeFileSync(join(folder, "holdfast-lab.json"), JSON.stringify({ pid: process.pid }));
  assert.match(refuse(["--state", folder]), new RegExp(`another lab \\(process ${process.pid}\\) uses this folder`));
});

test("numbers out of range, unknown scenarios and options that contradict each other are refused", (t) => {
  const folder = scratch(t);
  for (const nodes of ["0", "99", "x", "1.5", "-1"])
    assert.match(refuse(["--state", folder, "--nodes", nodes]), /--nodes.*give a whole number from 1 to 9/);
  assert.match(refuse(["--state", folder, "--port", "65536"]), /--port.*give a whole number from 0 to 65535/);
  assert.match(refuse(["--state", folder, "--policy", "hope"]), /Allowed choices are both, hold, naive/);
  assert.match(refuse(["--state", folder, "--scenario", "monday"]), /Allowed choices are zalando-2017, none/);
  assert.match(refuse(["--state", folder, "--scenario", "none", "--json", "-"]), /--json needs a scenario/);
  assert.match(refuse(["--state", folder, "--control-plane", "real"]), /--control-plane real is not there yet/);
});

test("a file for the result that cannot be written is refused before the scenario is played", (t) => {
  const folder = scratch(t);
  const state = join(folder, "state");
  mkdirSync(join(folder, "directory"));
  writeFileSync(join(folder, "text"), "");
  for (const [file, why] of [
    [join(folder, "absent", "result.json"), /its folder is not there/],
    [join(folder, "directory"), /is a folder/],
    [join(folder, "text", "result.json"), /its folder is not there/],
    ["/proc/holdfast.json", /cannot be written|not there/],
  ] as const) {
    const stderr = refuse(["--state", state, "--json", file]);
    assert.ok(stderr.includes(`--json ${file}: `), stderr);
    assert.match(stderr, why);
  }
  assert.ok(!existsSync(state), "nothing was begun");
});

test("a folder that cannot be made is refused", (t) => {
  const folder = scratch(t);
  writeFileSync(join(folder, "text"), "");
  for (const state of [join(folder, "text"), join(folder, "text", "below"), "/proc/holdfast/lab"])
    assert.match(refuse(["--state", state]), /cannot be used as the lab's folder \(.*\); give another with --state DIR/);
});

test("a console port in use is said in one line, and nothing stays behind", async (t) => {
  const folder = scratch(t);
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  t.after(() => taken.close());
  const address = taken.address();
  const port = typeof address === "object" && address !== null ? String(address.port) : "";
  const stderr = refuse(["--state", folder, "--port", port]);
  assert.match(stderr, new RegExp(`127\\.0\\.0\\.1:${port}`));
  assert.match(stderr, /--port/);
});
