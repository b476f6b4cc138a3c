import { equal, match } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { silentLog } from "../telemetry/index.ts";
import { authLimits } from "./settings.ts";
import { WatchedFile } from "./watched-file.ts";

function setUp(t: TestContext, name = "secret") {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-auth-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const clock = new ManualClock();
  const warned: string[] = [];
  const log = { ...silentLog, warn: (fields: object) => void warned.push(JSON.stringify(fields)) };
  const path = join(folder, name);
  const read = (text: string): string => {
    if (text.startsWith("bad")) throw new Error("it is bad");
    return text;
  };
  return { folder, clock, warned, path, file: new WatchedFile(path, () => path, read, { clock, log }) };
}

test("a change shows at the next look; what is bad or gone leaves what was there and is told once", async (t) => {
  const { clock, warned, path, file } = setUp(t);
  const next = (): Promise<void> => clock.advance(authLimits.fileLookMs);
  equal(file.content, undefined);
  writeFileSync(path, "one");
  equal(file.content, undefined, "it is not looked at for each request");
  await next();
  equal(file.content, "one");
  writeFileSync(path, "bad text");
  await next();
  equal(file.content, "one");
  await next();
  equal(file.content, "one");
  rmSync(path);
  await next();
  equal(file.content, "one");
  writeFileSync(path, "two");
  await next();
  equal(file.content, "two");
  equal(warned.length, 3);
  match(warned[1] ?? "", /it is bad.*stays in use/);
});

test("follows the links of a mounted Secret", async (t) => {
  const { folder, clock, path, file } = setUp(t);
  for (const [name, text] of [
    ["first", "one"],
    ["second", "two"],
  ] as const) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "secret"), text);
  }
  symlinkSync("first", join(folder, "data"));
  symlinkSync(join("data", "secret"), path);
  equal(file.content, "one");
  symlinkSync("second", join(folder, "other"));
  renameSync(join(folder, "other"), join(folder, "data"));
  await clock.advance(authLimits.fileLookMs);
  equal(file.content, "two");
});

test("neither waits for a pipe nor reads without end", async (t) => {
  const { clock, warned, path, file } = setUp(t);
  execFileSync("mkfifo", [path]);
  equal(file.content, undefined);
  rmSync(path);
  writeFileSync(path, "x".repeat(authLimits.fileBytes + 1));
  await clock.advance(authLimits.fileLookMs);
  equal(file.content, undefined);
  match(warned.join("\n"), /it is no file[^]*it has more than/);
});
