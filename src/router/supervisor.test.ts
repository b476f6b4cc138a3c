import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { silentLog } from "../telemetry/index.ts";
import { encodeGeneration } from "./encode-generation.ts";
import { recordOf } from "./snapshot/record.ts";
import { openSnapshotStore } from "./snapshot/store.ts";
import { startToyRouter } from "./testing/start-toy-router.ts";

test("a router without a table is not ready, with one it is, and from the drain on it is not", async (t) => {
  const { supervisor, publish, until } = startToyRouter(t, { drainDelayMs: 60_000 });
  await supervisor.listening;
  assert.equal(supervisor.isReady, false);
  publish("a", "b");
  await until("both workers serve generation 1", () =>
    supervisor.workers.every(({ generation, routes }) => generation === 1 && routes === 2),
  );
  assert.equal(supervisor.isReady, true);
  supervisor.drain();
  assert.equal(supervisor.isReady, false);
  assert.equal(supervisor.phase, "draining");
  supervisor.drain();
  assert.deepEqual(await supervisor.ended, { type: "drained" });
});

test("a killed worker is started again at once and comes back with the newest generation", async (t) => {
  const { supervisor, publish, until } = startToyRouter(t);
  publish("a");
  await until("both serve", () => supervisor.workers.every(({ generation }) => generation === 1));
  const victim = supervisor.workers[0];
  assert.ok(victim?.pid !== undefined);
  process.kill(victim.pid, "SIGKILL");
  await until("it is started again", () => supervisor.workers[0]?.restarts === 1);
  assert.ok((supervisor.workers[0]?.restartInMs ?? 0) === 0, "without a pause");
  await until("it serves", () => supervisor.workers.every(({ state, generation }) => state === "ready" && generation === 1));
  assert.notEqual(supervisor.workers[0]?.pid, victim.pid);
  assert.equal(supervisor.workers[0]?.restarts, 1);
});

test("a generation that kills workers takes down one of them, is set aside, and the next one is served", async (t) => {
  const { supervisor, publish, until } = startToyRouter(t);
  publish("a");
  await until("both serve", () => supervisor.workers.every(({ generation }) => generation === 1));
  publish("dies");
  await until("it is bad", () => supervisor.distributor.bad.has(2));
  assert.equal(supervisor.workers.filter(({ restarts }) => restarts > 0).length, 1, "the other worker never had it");
  publish("b");
  await until("both serve 3", () => supervisor.workers.every(({ generation }) => generation === 3));
});

test("workers that die of the newest snapshot boot from the one before it, and the mark survives the router", async (t) => {
  const snapshotDirectory = mkdtempSync(join(tmpdir(), "holdfast-snapshot-"));
  t.after(() => rmSync(snapshotDirectory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
  const store = openSnapshotStore({ directory: snapshotDirectory, source: "toy" }, { log: silentLog });
  for (const [number, id] of [
    [1, "a"],
    [2, "dies"],
  ] as const) {
    const { text } = encodeGeneration(
      { routes: [{ id, predicates: [], filters: [], backend: { type: "shunt" } }], pools: [] },
      { number, createdAtMs: 0, source: "toy", revisions: {} },
    );
    writeFileSync(store.fileOf(number), recordOf(text));
  }
  const { supervisor, until } = startToyRouter(t, { snapshotDirectory });
  await until("both serve generation 1", () => supervisor.workers.every(({ generation }) => generation === 1));
  assert.ok(existsSync(join(snapshotDirectory, "generation-000000000002.bad")));
});

test("a killed control process is started again and changes nothing for the workers; numbers go on", async (t) => {
  const { supervisor, publish, until } = startToyRouter(t);
  publish("a");
  await until("both serve", () => supervisor.workers.every(({ generation }) => generation === 1));
  const { pid } = supervisor.control;
  assert.ok(pid !== undefined);
  process.kill(pid, "SIGKILL");
  await until("another control process", () => supervisor.control.pid !== undefined && supervisor.control.pid !== pid);
  assert.equal(supervisor.isReady, true);
  assert.ok(supervisor.workers.every(({ restarts }) => restarts === 0));
  // The toy tells its whole file again; a number used before would be passed over by the workers.
  await until("a later number", () => supervisor.workers.every(({ generation }) => generation === 2));
});

test("a control process that cannot start ends a router without a table, with its one line", async (t) => {
  const { supervisor } = startToyRouter(t, {}, ["fatal routes.eskip: no such file"]);
  assert.deepEqual(await supervisor.ended, { type: "badInput", message: "routes.eskip: no such file" });
});

test("a control process that gives up later does not end a router that serves", async (t) => {
  const { supervisor, publish, until } = startToyRouter(t, {}, ["a"]);
  await until("both serve", () => supervisor.workers.every(({ generation }) => generation === 1));
  publish("fatal the file is gone");
  publish("b");
  await until("it goes on", () => supervisor.workers.every(({ generation }) => generation === 2));
  assert.equal(supervisor.isReady, true);
});

test("a control process that says nothing makes the table stale", async (t) => {
  const { supervisor, until } = startToyRouter(t, { staleAfterMs: 100 });
  await until("live first", () => supervisor.status !== undefined);
  await until("stale", () => supervisor.distributor.knowledge === "stale");
});
