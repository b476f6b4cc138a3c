import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import type { Log } from "../../telemetry/index.ts";
import { encodeGeneration } from "../encode-generation.ts";
import { recordOf } from "./record.ts";
import { type SnapshotStore, openSnapshotStore, prepareSnapshotFolder } from "./store.ts";

const SOURCE = "kubernetes";

interface Place {
  readonly directory: string;
  readonly store: SnapshotStore;
  readonly warnings: string[];
}

function place(t: TestContext, source = SOURCE): Place {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-store-"));
  t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
  const warnings: string[] = [];
  const log: Log = {
    debug() {},
    info() {},
    warn: (fields, message) => warnings.push(`${message} ${JSON.stringify(fields)}`),
    error() {},
    child: () => log,
  };
  return { directory, store: openSnapshotStore({ directory, source }, { log }), warnings };
}

function text(number: number, source = SOURCE): ReturnType<typeof encodeGeneration> {
  return encodeGeneration(
    { routes: [{ id: `r${number}`, predicates: [], filters: [], backend: { type: "shunt" } }], pools: [] },
    { number, createdAtMs: 1, source, revisions: {} },
  );
}

function fill(store: SnapshotStore, numbers: readonly number[]): void {
  for (const number of numbers) {
    writeFileSync(store.fileOf(number), recordOf(text(number).text));
    store.prune();
  }
}

function fileOf(number: number): string {
  return `generation-${String(number).padStart(12, "0")}`;
}

test("the newest generation written is the one read, and five are kept", async (t) => {
  const { directory, store } = place(t);
  fill(store, [1, 2, 3, 4, 5, 6, 7]);
  assert.equal(store.readNewest()?.header.number, 7);
  assert.deepEqual(readdirSync(directory).sort(), [3, 4, 5, 6, 7].map(fileOf));
  assert.equal(store.greatestNumber(), 7);
});

test("a file torn at any length, or with a byte changed, is passed over with one line and the one before is used", async (t) => {
  const { directory, store, warnings } = place(t);
  fill(store, [1, 2]);
  const whole = readFileSync(join(directory, fileOf(2)));
  for (let length = 0; length < whole.length; length++) {
    writeFileSync(join(directory, fileOf(2)), whole.subarray(0, length));
    warnings.length = 0;
    assert.equal(store.readNewest()?.header.number, 1, `cut at ${length}`);
    assert.equal(warnings.length, 1);
  }
  const bodyStart = whole.indexOf(10) + 1;
  for (let at = bodyStart; at < whole.length; at++) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 1;
    writeFileSync(join(directory, fileOf(2)), changed);
    assert.equal(store.readNewest()?.header.number, 1, `byte ${at}`);
  }
});

test("a snapshot of another source is not used", async (t) => {
  const { directory, store, warnings } = place(t);
  fill(store, [1]);
  const foreign = text(2, "file:/elsewhere.eskip");
  writeFileSync(join(directory, fileOf(2)), recordOf(foreign.text));
  assert.equal(store.readNewest()?.header.number, 1);
  assert.match(warnings.join("\n"), /is of source file:\/elsewhere\.eskip/);
});

test("a generation marked bad is not read again, also by a later process, and its number is not used again", async (t) => {
  const { directory, store } = place(t);
  fill(store, [1, 2]);
  assert.equal(store.markBad(2, "workers died"), true);
  const later = openSnapshotStore(
    { directory, source: SOURCE },
    { log: { debug() {}, info() {}, warn() {}, error() {}, child: () => assert.fail() } },
  );
  assert.equal(later.readNewest()?.header.number, 1);
  assert.equal(later.greatestNumber(), 2);
});

test("generations that turn out bad, however many and fast, do not push out the one that is served", async (t) => {
  const { store } = place(t);
  fill(store, [1, 2]);
  store.keepServed(2);
  fill(store, [3, 4, 5, 6, 7, 8, 9]);
  for (let number = 3; number <= 9; number++) store.markBad(number, "no");
  assert.equal(store.readNewest()?.header.number, 2);
});

test("a file in the place of the folder is a problem told at start", (t) => {
  const { directory } = place(t);
  const file = join(directory, "file");
  writeFileSync(file, "");
  assert.equal(prepareSnapshotFolder(join(file, "snapshot"))?.code, "ENOTDIR");
  assert.equal(prepareSnapshotFolder(join(directory, "new")), undefined);
});

test("unfinished writes are taken away at start", (t) => {
  const { directory } = place(t);
  writeFileSync(join(directory, ".writing-1-1"), "half");
  assert.equal(prepareSnapshotFolder(directory), undefined);
  assert.deepEqual(readdirSync(directory), []);
});

test("state is replaced whole and missing state is undefined", async (t) => {
  const { store } = place(t);
  assert.equal(store.readState("world"), undefined);
  await store.writeState("world", "one");
  await store.writeState("world", "two");
  assert.equal(store.readState("world"), "two");
});
