import assert from "node:assert/strict";
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, describe, test } from "node:test";
import { systemClock } from "../../kernel/index.ts";
import type { Json, JsonObject } from "../document/json.ts";
import { findNativeActivity } from "../native/activities.ts";
import { finishedArguments } from "../native/argument-rules.ts";
import { checkNative } from "../native/check-native.ts";
import type { NativeContext } from "../native/native-activity.ts";
import { openNatives } from "../native/open-natives.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { answer, startRawServer } from "./testing/raw-server.ts";

async function until(what: string, isTrue: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 30_000;
  while (!isTrue()) {
    if (performance.now() > deadlineMs) throw new Error(`waited for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function startServer(t: TestContext): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = fork(new URL("testing/answering-server.ts", import.meta.url));
  t.after(() => child.kill("SIGKILL"));
  const [port] = (await once(child, "message")) as [number];
  return { child, url: `http://127.0.0.1:${port}` };
}

async function openRun(
  t: TestContext,
): Promise<{ readonly context: NativeContext; play(name: string, given?: JsonObject): Promise<Json> }> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-load-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const ending = new AbortController();
  const options = { target: {}, seed: 1, title: "load", folder: { run: "x", path: folder }, ending: ending.signal };
  const context = await openNatives(options, { clock: systemClock, environment: process.env });
  t.after(() => context.faults.revertAll());
  return {
    context,
    play: (name, given = {}) => {
      const activity = findNativeActivity(name);
      assert.ok(activity !== undefined, name);
      return activity.run(finishedArguments(activity.arguments, given), {
        ...context,
        values: { configuration: {}, secrets: {} },
        signal: ending.signal,
      });
    },
  };
}

describe("load in an experiment", { concurrency: true }, () => {
  test("shows what a fault did to it, and what it did not do to the control group", async (t) => {
    const [one, two] = await Promise.all([startServer(t), startServer(t)]);
    const { context, play } = await openRun(t);
    await play("load/start", { url: one.url, rate: 100 });
    await play("load/start", { name: "control", group: "control", url: two.url, rate: 100 });
    await assert.rejects(play("load/start", { url: one.url, rate: 100 }), /goes on already/);
    await assert.rejects(play("load/success", { over: "during-faults" }), ActivityFailed);
    await until(
      "two seconds before",
      () => context.evidence.load.every(({ seconds }) => seconds.length > 2) && context.evidence.load.length === 2,
    );
    await play("process/signal", { pid: one.child.pid ?? 0, seconds: 1.5 });
    await until("the end of the fault", () => context.evidence.faults.every(({ revertedAt }) => revertedAt !== null));
    const endedMs = Date.now();
    await until("a second after", () => context.evidence.load.every(({ seconds }) => Date.parse(seconds.at(-1)?.at ?? "") > endedMs + 500));
    assert.equal(await play("load/success"), 100);
    assert.ok(Number(await play("load/latency", { over: "during-faults", percentile: 100, late: 5000 })) > 1000);
    assert.equal(await play("load/compare", { over: "during-faults" }), true);
    assert.equal(await play("load/compare", { over: "during-faults", measure: "latency", late: 5000 }), false);
    assert.equal(await play("load/compare", { over: "during-faults", measure: "tail", late: 5000 }), false);
    assert.equal(await play("load/recovery"), 0);
    const stopped = await play("load/stop");
    assert.deepEqual(await play("load/failed"), 0);
    await play("load/stop", { name: "control" });
    const { load, events } = context.evidence;
    assert.deepEqual(
      load.map(({ name, group }) => [name, group]),
      [
        ["load", "experiment"],
        ["control", "control"],
      ],
    );
    assert.equal((stopped as JsonObject)["sent"], load[0]?.totals.sent);
    assert.equal(load[0]?.response.percentiles.at(-1)?.percentile, 100);
    assert.equal(events.filter(({ kind }) => kind === "comparison").length, 3);
  });

  test("failures are counted by class, and an outage by its seconds and its end", async (t) => {
    const { child, url } = await startServer(t);
    const { context, play } = await openRun(t);
    await play("load/start", { url, rate: 50 });
    await until("a second before", () => (context.evidence.load[0]?.seconds.length ?? 0) > 1);
    await play("process/signal", { pid: child.pid ?? 0, signal: "KILL" });
    await until("failures", () => Object.keys(context.evidence.load[0]?.totals.failed ?? {}).includes("connect-refused"));
    assert.ok(Number(await play("load/success")) < 100);
    assert.ok(Number(await play("load/failed", { classes: ["connect-refused"] })) > 0);
    assert.equal(await play("load/failed", { classes: ["status-5xx"] }), 0);
    assert.ok(Number(await play("load/outage")) >= 1);
    const seenMs = Date.now();
    await until("a failure later than the kill", () => Date.parse(context.evidence.load[0]?.seconds.at(-1)?.at ?? "") > seenMs);
    assert.ok(Number(await play("load/recovery")) > 0);
    await play("load/stop");
  });

  test("ends when the process that asked for it is killed", async (t) => {
    let isOpen = false;
    const url = await startRawServer(t, (socket) => {
      isOpen = true;
      socket.once("close", () => {
        isOpen = false;
      });
      socket.write(answer("200 OK", ""));
    });
    const parent = spawn(process.execPath, [new URL("testing/load-parent.ts", import.meta.url).pathname, url], { stdio: "inherit" });
    await until("the first request", () => isOpen);
    parent.kill("SIGKILL");
    await until("the end of its connections", () => !isOpen);
  });

  test("is looked at before anything is touched", () => {
    const problemsOf = (given: JsonObject): readonly (readonly [string, string])[] =>
      checkNative({ type: "action", name: "x", provider: { type: "holdfast", activity: "load/start", arguments: given } }).map(
        ({ path, message }) => [path.slice(2).join("."), message],
      );
    assert.deepEqual(problemsOf({ url: "http://127.0.0.1:80", rate: 3 }), []);
    assert.deepEqual(problemsOf({ url: "${where}", rate: "${much}" }), []);
    assert.match(String(problemsOf({ url: "http://127.0.0.1:80" })), /say how much/);
    assert.equal(problemsOf({ url: "http://127.0.0.1:80", phases: ["3/1d"] })[0]?.[0], "phases");
    assert.equal(problemsOf({ url: "http://127.0.0.1:80", rate: 3, expect: { status: 1 } })[0]?.[0], "expect");
  });
});
