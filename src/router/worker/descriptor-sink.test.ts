import { equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { systemClock } from "../../kernel/index.ts";
import { until } from "../../kernel/testing/until.ts";
import { type DescriptorSink, createDescriptorSink } from "./descriptor-sink.ts";

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "holdfast-sink-"));
  t.after(() => rmSync(made, { recursive: true, force: true, maxRetries: 10 }));
  return made;
}

/** Both ends of a pipe, as descriptors; the one that reads does not wait. */
function pipe(t: TestContext): { readonly reader: number; readonly writer: number } {
  const path = join(folder(t), "pipe");
  equal(spawnSync("mkfifo", [path]).status, 0);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  t.after(() => {
    closeSync(reader);
    closeSync(writer);
  });
  return { reader, writer };
}

/** 64 KiB of lines of many lengths, each its number of times its letter. */
function linesOf(letter: string): Buffer {
  let text = "";
  for (let length = 1; text.length < 65_000; length = (length + 37) % 900) text += `${length}${letter.repeat(length)}\n`;
  return Buffer.from(text);
}

test("lines of several processes stay whole in one pipe, and a reader that stops costs bounded memory and is not waited for", async (t) => {
  const { reader, writer } = pipe(t);
  const sinks: readonly (readonly [DescriptorSink, Buffer])[] = ["a", "b"].map((letter) => [
    createDescriptorSink(systemClock, writer),
    linesOf(letter),
  ]);
  let takenBytes = 0;
  for (let round = 0; round < 20; round++) for (const [sink, lines] of sinks) if (sink.write(lines)) takenBytes += lines.length;
  ok(takenBytes > 0 && takenBytes < 4 * 65_536, `${takenBytes} bytes taken while nobody reads`);
  let text = "";
  const piece = Buffer.alloc(20_000);
  await until(
    "everything that was taken is read",
    () => {
      try {
        for (;;) text += piece.toString("latin1", 0, readSync(reader, piece));
      } catch (thrown) {
        if ((thrown as NodeJS.ErrnoException).code !== "EAGAIN") throw thrown;
      }
      return text.length === takenBytes;
    },
    30_000,
    1,
  );
  for (const line of text.split("\n").slice(0, -1)) {
    const [, length = "", letters = ""] = /^(\d+)(a+|b+)$/.exec(line) ?? [];
    equal(letters.length, Number(length), line);
  }
  match(text, /a\n/);
  match(text, /b\n/);
});

test("a line longer than what a pipe takes at once is written all the same", async (t) => {
  const { reader, writer } = pipe(t);
  const sink = createDescriptorSink(systemClock, writer);
  ok(sink.write(Buffer.from(`short\n${"x".repeat(9_000)}\nshort\n${"y".repeat(3_000)}\n`)));
  await sink.drain(30_000);
  const piece = Buffer.alloc(20_000);
  equal(readSync(reader, piece), 9_000 + 3_000 + 2 + 12);
});

test("what goes to a file is there when it was drained", async (t) => {
  const path = join(folder(t), "file");
  const file = openSync(path, "a");
  t.after(() => closeSync(file));
  const sink = createDescriptorSink(systemClock, file);
  const lines = linesOf("c");
  ok(sink.write(lines));
  ok(!sink.write(lines), "the first is being written");
  await sink.drain(30_000);
  ok(sink.write(lines));
  await sink.drain(30_000);
  equal(readFileSync(path).length, 2 * lines.length);
});
