import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { EventWindow } from "./event-window.ts";
import { stringAt } from "./json.ts";
import { openStore } from "./store.ts";

const object = (name: string) => ({ metadata: { name } });

test("writes that fail leave the others of their batch and the revision alone", async () => {
  const store = openStore({ file: ":memory:", windowEvents: 10 });
  const before = store.revision();
  const results = await Promise.allSettled([
    store.write((transaction) => transaction.put("things", "a", object("a"))),
    store.write(() => {
      throw new Error("not this one");
    }),
    store.write((transaction) => transaction.put("things", "b", object("b"))),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled"],
  );
  assert.equal(store.revision(), before + 2);
  assert.deepEqual(
    store.list("things").map(([key]) => key),
    ["a", "b"],
  );
  store.close();
});

test("a write sees what its batch wrote before it, a reader sees it only when it is on disk", async () => {
  const store = openStore({ file: ":memory:", windowEvents: 10 });
  const first = store.write((transaction) => transaction.put("things", "a", object("a")));
  const second = store.write((transaction) => transaction.get("things", "a") !== undefined);
  assert.equal(store.get("things", "a"), undefined);
  await first;
  assert.equal(await second, true);
  store.close();
});

test("a database that is opened again has the objects, their revisions and the last revision", async () => {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-store-"));
  const file = join(directory, "store.db");
  const store = openStore({ file, windowEvents: 10 });
  await store.write((transaction) => transaction.put("things", "a", object("a")));
  await store.write((transaction) => transaction.put("things", "b", object("b")));
  await store.write((transaction) => transaction.remove("things", "b", object("b")));
  const revision = store.revision();
  store.close();
  const again = openStore({ file, windowEvents: 10 });
  assert.equal(again.revision(), revision);
  assert.deepEqual(
    again.list("things").map(([key, value]) => [key, stringAt(value, "metadata", "resourceVersion")]),
    [["a", String(revision - 2)]],
  );
  assert.equal(again.eventsSince("things", revision - 1), undefined);
  assert.deepEqual(again.eventsSince("things", revision), []);
  again.close();
  await rm(directory, { recursive: true, maxRetries: 20, retryDelay: 100 });
});

test("a database that cannot be opened is told in one line with its file", () => {
  assert.throws(() => openStore({ file: "/nowhere/store.db", windowEvents: 10 }), /^AppError: \/nowhere\/store\.db: cannot be opened/);
});

test("the state of an earlier revision is rebuilt from the events since", async () => {
  const store = openStore({ file: ":memory:", windowEvents: 10 });
  await store.write((transaction) => transaction.put("things", "a", { ...object("a"), value: 1 }));
  const then = store.revision();
  await store.write((transaction) => transaction.put("things", "a", { ...object("a"), value: 2 }));
  await store.write((transaction) => transaction.put("things", "b", object("b")));
  await store.write((transaction) => transaction.remove("things", "a", object("a")));
  assert.deepEqual(
    store.listAt("things", then)?.map(([key, value]) => [key, value["value"]]),
    [["a", 1]],
  );
  store.close();
});

test("the window forgets its oldest events and says so", () => {
  const window = new EventWindow(4, 0);
  for (let revision = 1; revision <= 5; revision++) window.push({ type: "ADDED", revision, key: "k", object: {}, previous: undefined });
  assert.equal(window.since(0), undefined);
  assert.deepEqual(
    window.since(1)?.map((event) => event.revision),
    [2, 3, 4, 5],
  );
  assert.deepEqual(
    window.since(4)?.map((event) => event.revision),
    [5],
  );
});
