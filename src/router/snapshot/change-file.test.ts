import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";

import { ManualClock } from "../../kernel/testing/manual-clock.ts";
import { until } from "../../kernel/testing/until.ts";
import { ChangeFile } from "./change-file.ts";
import { readRecords } from "./record.ts";

function place(t: TestContext): {
  readonly directory: string;
  readonly path: string;
  readonly lost: Error[];
  readonly clock: ManualClock;
  readonly file: ChangeFile;
} {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-changes-"));
  t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
  const lost: Error[] = [];
  const clock = new ManualClock();
  return { directory, path: join(directory, "file"), lost, clock, file: new ChangeFile(clock, (error) => lost.push(error)) };
}

const textsIn = (path: string): readonly string[] => readRecords(readFileSync(path)).texts;

test("what is appended is in the file when it is said to be, and cut anywhere the file still has all that was whole before", async (t) => {
  const { path, file } = place(t);
  await file.replace(path, Promise.resolve(["whole ", "of two"]));
  const texts = ["whole of two"];
  for (const text of ["a", "", "record 1 x\n", "ü\n".repeat(50)]) {
    await file.append(text);
    texts.push(text);
    assert.deepEqual(textsIn(path), texts);
  }
  const bytes = readFileSync(path);
  assert.equal(readRecords(bytes).rest, "nothing");
  let before = 0;
  for (let length = 0; length <= bytes.length; length++) {
    const { texts: read } = readRecords(bytes.subarray(0, length));
    assert.deepEqual(read, texts.slice(0, read.length));
    assert.ok(read.length >= before && read.length <= before + 1, `cut at ${length}`);
    before = read.length;
  }
  for (let at = 0; at < bytes.length; at++) {
    const altered = Buffer.from(bytes);
    altered[at] = (altered[at] ?? 0) ^ 1;
    const { texts: read, rest } = readRecords(altered);
    assert.deepEqual(read, texts.slice(0, read.length), `byte ${at}`);
    assert.ok(rest !== "nothing" && read.length < texts.length, `byte ${at}`);
  }
});

test("what is appended while a whole is written stands in the file before and follows the new one", async (t) => {
  const { directory, path, file } = place(t);
  await file.replace(path, Promise.resolve(["one"]));
  await file.append("a");
  const { promise, resolve } = Promise.withResolvers<readonly string[]>();
  const next = join(directory, "next");
  const replaced = file.replace(next, promise);
  await file.append("b");
  assert.deepEqual(textsIn(path), ["one", "a", "b"]);
  const last = file.append("c");
  resolve(["two"]);
  await Promise.all([replaced, last]);
  await file.append("d");
  assert.deepEqual(textsIn(next), ["two", "b", "c", "d"]);
  assert.deepEqual(textsIn(path), ["one", "a", "b", "c"]);
});

test("however much is appended while a new whole takes its place, each record follows it once", async (t) => {
  const { directory, path, file } = place(t);
  await file.replace(path, Promise.resolve(["one"]));
  const next = join(directory, "next");
  const state = { isReplaced: false };
  const replaced = file.replace(next, Promise.resolve(["two"])).then(() => (state.isReplaced = true));
  const texts: string[] = [];
  const appended: Promise<void>[] = [];
  while (!state.isReplaced && texts.length < 20_000) {
    texts.push(`change ${texts.length}`);
    appended.push(file.append(texts.at(-1) ?? ""));
    await nextTurn();
  }
  await Promise.all([replaced, ...appended]);
  assert.deepEqual(textsIn(next), ["two", ...texts]);
});

test("what is appended before there is a first whole waits for it; without one nothing is taken", async (t) => {
  const { directory, path, file } = place(t);
  await assert.rejects(file.append("lost"), { code: "ROUTER_SNAPSHOT_WRITE" });
  const { promise, resolve } = Promise.withResolvers<readonly string[]>();
  const replaced = file.replace(path, promise);
  const appended = file.append("a");
  resolve(["whole"]);
  await Promise.all([replaced, appended]);
  assert.deepEqual(textsIn(path), ["whole", "a"]);
  assert.deepEqual(readdirSync(directory), ["file"]);
});

test("a whole that cannot be written leaves the file before in use, and no half-written one", async (t) => {
  const { directory, path, file } = place(t);
  await file.replace(path, Promise.resolve(["one"]));
  // A folder in the place of the file: rename fails for every user, root too.
  mkdirSync(join(directory, "next"));
  const replaced = file.replace(join(directory, "next"), Promise.resolve(["two"]));
  const appended = file.append("a");
  await assert.rejects(replaced, { code: "ROUTER_SNAPSHOT_WRITE" });
  await appended;
  await file.append("b");
  assert.deepEqual(textsIn(path), ["one", "a", "b"]);
  assert.deepEqual(readdirSync(directory).toSorted(), ["file", "next"]);
});

test("a file that was removed is told once, and a whole is due", async (t) => {
  const { path, file, lost, clock } = place(t);
  await file.replace(path, Promise.resolve(["one"]));
  assert.equal(file.isWholeDue, false);
  rmSync(path);
  await file.append("a");
  await clock.advance(1_000);
  await until("it is noticed", () => lost.length > 0);
  assert.deepEqual([lost.length, file.isOpen], [1, false]);
  assert.equal(file.isWholeDue, true);
  await file.replace(path, Promise.resolve(["two"]));
  assert.deepEqual(textsIn(path), ["two"]);
});

test("a whole is due when half as much follows it, but not for little", async (t) => {
  const { path, file } = place(t);
  await file.replace(path, Promise.resolve(["x".repeat(200_000)]));
  await file.append("y".repeat(90_000));
  assert.equal(file.isWholeDue, false);
  await file.append("y".repeat(20_000));
  assert.equal(file.isWholeDue, true);
});

test("of a disk that takes nothing no more than a bound waits in memory: then nothing is taken before there is a whole", async (t) => {
  const { directory, path, file, lost } = place(t);
  await file.replace(path, Promise.resolve(["one"]));
  const { promise, resolve } = Promise.withResolvers<readonly string[]>();
  const replaced = file.replace(join(directory, "next"), promise);
  const refused = assert.rejects(replaced, { code: "ROUTER_SNAPSHOT_WRITE" });
  // All in one turn: none of it can have been written.
  const record = "x".repeat(1_048_576);
  const appended = await Promise.allSettled(Array.from({ length: 20 }, () => file.append(record)));
  assert.ok(appended.filter(({ status }) => status === "rejected").length >= 4, "more than the bound was taken");
  assert.deepEqual([lost.length, file.isOpen], [1, false]);
  resolve(["two"]);
  await refused;
  await file.replace(join(directory, "third"), Promise.resolve(["three"]));
  await file.append("a");
  assert.deepEqual(textsIn(join(directory, "third")), ["three", "a"]);
  assert.deepEqual(readdirSync(directory).toSorted(), ["file", "third"]);
});
