import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { systemClock } from "../../kernel/index.ts";
import { until } from "../../kernel/testing/until.ts";
import type { Json, JsonObject } from "../document/json.ts";
import { findNativeActivity } from "../native/activities.ts";
import { openNatives } from "../native/open-natives.ts";
import { prepareFullDisk } from "./disk.ts";

interface Run {
  do(activity: string, given: JsonObject): Promise<Json>;
  undo(): Promise<void>;
  /** Labels of faults that were seen, and were seen to be back. */
  proven(): readonly string[];
}

async function run(t: TestContext): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-resource-"));
  const ending = new AbortController();
  const options = { target: {}, seed: 1, title: "t", folder: { run: "run", path: folder }, ending: ending.signal };
  const natives = await openNatives(options, { clock: systemClock, environment: process.env });
  const call = { ...natives, values: { configuration: {}, secrets: {} }, signal: ending.signal };
  t.after(async () => {
    await natives.faults.revertAll();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return {
    do: (activity, given) => findNativeActivity(activity)?.run(given, call) ?? Promise.reject(new Error(activity)),
    undo: () => natives.faults.revertAll(),
    proven: () =>
      natives.evidence.faults.flatMap(({ label, witnessedAt, revertedAt }) => (witnessedAt !== null && revertedAt !== null ? [label] : [])),
  };
}

/** A process with a child that computes. */
async function victim(t: TestContext): Promise<{ readonly main: ChildProcess; readonly pid: number; children(): readonly number[] }> {
  const main = spawn("sh", ["-c", "sh -c 'while :; do :; done' & wait"], { stdio: "ignore", detached: true });
  const pid = main.pid ?? 0;
  t.after(() => process.kill(-pid, "SIGKILL"));
  const children = (): readonly number[] =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  await until("it has a child", () => children().length > 0, 30_000);
  return { main, pid, children };
}

test("open files are limited in a process and in what it has started, and as they were afterwards", async (t) => {
  const { do: act, undo, proven } = await run(t);
  const { pid, children } = await victim(t);
  const limits = (): readonly string[] =>
    [pid, ...children()].map((one) => /Max open files +(\d+)/.exec(readFileSync(`/proc/${one}/limits`, "utf8"))?.[1] ?? "");
  const before = limits();
  assert.equal(before.length, 2);
  await act("resource/files", { pid, limit: 24 });
  assert.deepEqual(limits(), ["24", "24"]);
  await undo();
  assert.deepEqual(limits(), before);
  assert.deepEqual(proven(), [`at most 24 open files for process ${pid}`]);
});

if (existsSync("/sys/fs/cgroup/cpu/cgroup.procs") && process.getuid?.() === 0) {
  test("a share of a processor, memory and the freezer: processes are moved into a group and back, and the group is gone", async (t) => {
    const { do: act, undo, proven } = await run(t);
    const { pid, children } = await victim(t);
    const groups = (): string => [pid, ...children()].map((one) => readFileSync(`/proc/${one}/cgroup`, "utf8")).join("");
    const before = groups();
    const { group } = (await act("resource/cpu", { pid, percent: 10 })) as { group: string };
    await until("it is throttled", () => /nr_throttled [1-9]/.test(readFileSync(join(group, "cpu.stat"), "utf8")), 30_000);
    await act("resource/memory", { pid, mebibytes: 64 });
    const ticks = (): string => readFileSync(`/proc/${children()[0] ?? 0}/stat`, "latin1").split(" ")[13] ?? "";
    await act("resource/freeze", { pid });
    const frozen = ticks();
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(ticks(), frozen);
    assert.notEqual(groups(), before);
    await undo();
    assert.equal(groups(), before);
    assert.equal(existsSync(group), false);
    assert.equal(proven().length, 3);
  });
} else process.stdout.write("not run: quotas of control groups (no cgroup controllers of version 1, or not root)\n");

test("processes that compute end when they are put back", async (t) => {
  const { do: act, undo, proven } = await run(t);
  await act("resource/burn", { workers: 1, seconds: 60 });
  await undo();
  assert.deepEqual(proven(), ["1 processes that compute for 60 s"]);
});

test("a small file system is filled to the last byte, and emptied", async (t) => {
  const { do: act, undo, proven } = await run(t);
  const small = mkdtempSync(join(tmpdir(), "holdfast-small-"));
  if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", small]).status !== 0) {
    rmSync(small, { recursive: true });
    return t.diagnostic("not run: a small file system can be mounted by root only");
  }
  try {
    await act("resource/disk", { folder: small });
    assert.throws(() => writeFileSync(join(small, "x"), Buffer.alloc(8192)), { code: "ENOSPC" });
    await undo();
    writeFileSync(join(small, "x"), Buffer.alloc(8192));
    assert.deepEqual(proven(), [`no space left in ${small}`]);
  } finally {
    spawnSync("umount", ["-l", small]);
    rmSync(small, { recursive: true, maxRetries: 5 });
  }
});

test("a disk that is somebody's is not filled", () => {
  assert.throws(() => prepareFullDisk("/nowhere/at/all"), /ENOENT/);
  const { bavail, bsize } = statfsSync("/");
  if (bavail * bsize > 2 ** 30) assert.throws(() => prepareFullDisk("/"), /only file systems with less than 1024 are filled/);
});

if (spawnSync("unshare", ["--net", "true"]).status === 0) {
  test("ports for outgoing connections are few in a network of its own, and as many as before afterwards", (t) => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-ports-"));
    t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
    const act = (activity: string, given: object): object => ({
      type: "action",
      name: activity,
      provider: { type: "holdfast", activity, arguments: given },
    });
    const range = (name: string, pattern: string): object => ({
      type: "probe",
      name,
      tolerance: { type: "regex", target: "stdout", pattern },
      provider: { type: "process", path: "cat", arguments: ["/proc/sys/net/ipv4/ip_local_port_range"] },
    });
    const method = [
      range("before", "^32768\\s+60999"),
      act("resource/ports", { count: 64 }),
      range("during", "^40000\\s+40063"),
      act("faults/revert", {}),
      range("after", "^32768\\s+60999"),
    ];
    const hypothesis = { title: "h", probes: [{ type: "probe", name: "true", tolerance: 0, provider: { type: "process", path: "true" } }] };
    const file = join(folder, "x.json");
    writeFileSync(file, JSON.stringify({ title: "t", description: "d", "steady-state-hypothesis": hypothesis, method }));
    const holdfast = join(import.meta.dirname, "../../../bin/holdfast");
    const played = spawnSync(holdfast, ["experiment", "run", file, "--network-namespace", "--state", folder], {
      encoding: "utf8",
      timeout: 60_000,
    });
    assert.equal(played.status, 0, played.stderr);
  });
} else process.stdout.write("not run: few ports (no network namespace for us here)\n");
