import { deepEqual, equal } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { test } from "node:test";

test("a log on a full disk loses lines, and nothing else", (t) => {
  const full = openSync("/dev/full", "w");
  t.after(() => closeSync(full));
  const script = `
    import { createLog } from ${JSON.stringify(new URL("log.ts", import.meta.url).href)};
    const log = createLog({ level: "info", name: "test" });
    for (let line = 0; line < 5_000; line++) log.info({ line }, "a line that there is no room for");
    setImmediate(() => process.stdout.write("goes on"));
  `;
  const { status, stdout } = spawnSync(process.execPath, ["--input-type=module-typescript", "--eval", script], {
    stdio: ["ignore", "pipe", full],
    encoding: "utf8",
  });
  deepEqual([status, stdout], [0, "goes on"]);
});

test("a log says what happened as one JSON object a line", () => {
  const script = `
    import { createLog } from ${JSON.stringify(new URL("log.ts", import.meta.url).href)};
    createLog({ level: "warn", name: "test" }).child({ worker: 1 }).warn({ a: 2 }, "it happened");
  `;
  const { stderr } = spawnSync(process.execPath, ["--input-type=module-typescript", "--eval", script], { encoding: "utf8" });
  const { name, worker, a, msg } = JSON.parse(stderr) as Readonly<Record<string, unknown>>;
  deepEqual([name, worker, a, msg], ["test", 1, 2, "it happened"]);
  equal(stderr.split("\n").length, 2);
});
