import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Journal } from "../../src/experiment/index.ts";
import { until } from "../../src/kernel/testing/until.ts";
import { HOLDFAST, PAUSE, ledgerIn, native, scene } from "./fault-scene.ts";

// What breaks something on purpose, and puts it back: the provider `holdfast`.
test("a fault is seen by its witness, put back at the end, and both are in the journal", (t) => {
  const { folder, victim, state, play } = scene(t);
  const look = { type: "probe", name: "look", provider: { type: "process", path: "cat", arguments: [`/proc/${victim.pid ?? 0}/stat`] } };
  const { code, said, journal } = play({ method: [native("process/signal", { pid: victim.pid }), look] }, "--seed", "7");
  assert.equal(code, 0, said);
  assert.match(said, /1 fault was seen to be there by a witness/);
  assert.match(JSON.stringify(journal?.run[1]?.output), /\) T /);
  assert.match(state() ?? "", /[SR]/);
  const [fault] = journal?.holdfast?.faults ?? [];
  assert.deepEqual([fault?.label, fault?.isFinal, fault?.byHand], [`SIGSTOP of process ${victim.pid ?? 0}`, false, null]);
  assert.match(fault?.injectedEvidence ?? "", /state T/);
  assert.match(fault?.revertedEvidence ?? "", /state [SR]/);
  assert.ok((fault?.witnessedAt ?? "") <= (fault?.revertedAt ?? ""));
  assert.equal(journal?.holdfast?.seed, 7);
  const [ledger = ""] = globSync("state/*/ledger.jsonl", { cwd: folder });
  const steps = [...readFileSync(join(folder, ledger), "utf8").matchAll(/"step":"(\w+)"/g)].map(([, step]) => step);
  assert.deepEqual(steps, ["opened", "intent", "applied", "witnessed", "reverting", "reverted"]);
});

test("it is put back earlier when the file says so, and a fault that cannot happen proves nothing", (t) => {
  const { victim, state, play } = scene(t);
  const { code, said, journal } = play({
    method: [
      native("process/signal", { pid: victim.pid }),
      native("faults/revert", {}),
      native("faults/revert", { kind: "process/signal" }, { name: "again" }),
    ],
  });
  assert.equal(code, 3, said);
  assert.match(said, /inconclusive: "again" failed: chaoslib\.exceptions\.ActivityFailed: no fault of kind process\/signal is open/);
  assert.deepEqual(journal?.run[1]?.output, [`SIGSTOP of process ${victim.pid ?? 0}`]);
  assert.match(state() ?? "", /[SR]/);
});

test("what is wrong with an activity is told before anything is touched, with its place", (t) => {
  const { victim, state, play, folder } = scene(t);
  const { code, said } = play({
    method: [
      native("process/signal", { pid: victim.pid }),
      native("process/signl", {}, { name: "a" }),
      native("process/signal", { pid: "x", sginal: "STOP" }, { name: "b" }),
      native("process/signal", { pid: 7, signal: "KILL", seconds: 3 }, { name: "c" }),
      native("process/signal", { pid: "${victim}", signal: "HUP" }, { name: "d", type: "probe" }),
    ],
  });
  assert.equal(code, 2);
  assert.match(
    said,
    /x\.json:1:\d+: there is no activity "process\/signl" \(method\.1\.provider\.activity\): did you mean "process\/signal"\?/,
  );
  assert.match(said, /process\/signal: "x" is no integer \(method\.2\.provider\.arguments\.pid\)/);
  assert.match(said, /there is no argument "sginal" .*: its arguments are pid, pidfile, signal, seconds/);
  assert.match(said, /SIGKILL cannot be put back \(method\.3\.provider\.arguments\.seconds\): leave it out, or use STOP/);
  assert.match(said, /process\/signal is no probe \(method\.4\.type\): write "type": "action"/);
  assert.match(state() ?? "", /[SR]/);
  assert.equal(existsSync(join(folder, "state")), false);
});

test("with --compat there are no activities of ours, as there are none in Chaos Toolkit", (t) => {
  const { victim, state, play } = scene(t);
  const { code, said } = play({ method: [native("process/signal", { pid: victim.pid })] }, "--compat");
  assert.deepEqual([code, said], [1, "InvalidActivity: unknown provider type 'holdfast'\n"]);
  assert.match(state() ?? "", /[SR]/);
});

test("whoever kills the run and all its process group does not leave its faults behind", async (t) => {
  const { victim, state, begin, folder } = scene(t);
  const run = begin({ method: [native("process/signal", { pid: victim.pid }, PAUSE)] });
  await until("it is stopped", () => state() === "T", 30_000);
  await until("it was seen", () => /witnessed/.test(ledgerIn(folder)), 30_000);
  process.kill(-(run.pid ?? 0), "SIGKILL");
  await until("it goes on", () => state() !== "T", 30_000);
  await until("the ledger says so", () => /"step":"reverted".*"by":"watchdog: its run is over"/.test(ledgerIn(folder)), 30_000);
});

test("a run that stands still loses its faults, and ends when it goes on", async (t) => {
  const { victim, state, begin, folder } = scene(t);
  const run = begin({ method: [native("process/signal", { pid: victim.pid }, PAUSE)] }, "--lease", "3");
  const ended = once(run, "exit");
  await until("it was seen", () => /witnessed/.test(ledgerIn(folder)), 30_000);
  run.kill("SIGSTOP");
  await until("it goes on", () => state() !== "T", 30_000);
  run.kill("SIGCONT");
  assert.deepEqual(await ended, [6, null]);
  const { reasons } = (JSON.parse(readFileSync(join(folder, "journal.json"), "utf8")) as Journal).holdfast ?? {};
  assert.match(reasons?.[0] ?? "", /ended by standing still for \d+ s, longer than the lease of its faults/);
});

test("with its watchdog killed as well, the next run puts back what is open before it begins", async (t) => {
  const { victim, state, begin, play, folder } = scene(t);
  const run = begin({ method: [native("process/signal", { pid: victim.pid }, PAUSE)] });
  await until("it was seen", () => /witnessed/.test(ledgerIn(folder)), 30_000);
  const [watchdog = 0] = readFileSync(`/proc/${run.pid ?? 0}/task/${run.pid ?? 0}/children`, "utf8")
    .trim()
    .split(" ")
    .map(Number);
  // It starts another one as soon as the first is gone.
  run.kill("SIGSTOP");
  process.kill(watchdog, "SIGKILL");
  run.kill("SIGKILL");
  await once(run, "exit");
  const open = spawnSync(HOLDFAST, ["experiment", "faults", "--state", join(folder, "state")], { encoding: "utf8" });
  assert.match(open.stdout, /SIGSTOP of process \d+ \(witnessed\) {2}run \S+ is gone: t/);
  assert.equal(state(), "T");
  const { code, said } = play({ method: [] });
  assert.match(said, /^SIGSTOP of process \d+: put back \(run \S+\)\n/);
  assert.deepEqual([code, state() !== "T"], [0, true]);
});

test("a watchdog that dies is followed by another", async (t) => {
  const { victim, begin, folder } = scene(t);
  const run = begin({ method: [native("process/signal", { pid: victim.pid }, PAUSE)] });
  await until("it was seen", () => /witnessed/.test(ledgerIn(folder)), 30_000);
  const children = (): readonly number[] =>
    readFileSync(`/proc/${run.pid ?? 0}/task/${run.pid ?? 0}/children`, "utf8")
      .trim()
      .split(" ")
      .map(Number);
  const [first = 0] = children();
  process.kill(first, "SIGKILL");
  await until("there is another", () => children().some((pid) => pid !== 0 && pid !== first), 30_000);
});

test("holdfast experiment revert ends the run and puts everything back", async (t) => {
  const { victim, state, begin, folder } = scene(t);
  const run = begin({ method: [native("process/signal", { pid: victim.pid }, PAUSE)] });
  const ended = once(run, "exit");
  await until("it was seen", () => /witnessed/.test(ledgerIn(folder)), 30_000);
  const { status, stdout } = spawnSync(HOLDFAST, ["experiment", "revert", "--state", join(folder, "state")], { encoding: "utf8" });
  assert.equal(status, 0, stdout);
  assert.match(stdout, /^run \S+ \(t\) is told to end\n/);
  assert.notEqual(state(), "T");
  assert.deepEqual(await ended, [6, null]);
});
