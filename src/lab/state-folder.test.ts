import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { takeStateFolder } from "./state-folder.ts";

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-state-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
  return folder;
}

test("a folder is made with its parents, is refused while its lab runs, and is emptied for the next lab", (t) => {
  const root = join(scratch(t), "a", "b");
  const folder = takeStateFolder(root);
  writeFileSync(folder.storeFile, "objects");
  assert.throws(() => takeStateFolder(root), { code: "LAB_STATE_IN_USE" });
  folder.release();
  assert.ok(existsSync(folder.storeFile), "its files stay to be read");
  takeStateFolder(root).release();
  assert.ok(!existsSync(folder.storeFile));
});

test("a lab that was killed does not keep its folder, even when its process id is another program's now", (t) => {
  const root = scratch(t);
  takeStateFolder(root);
  const mark = join(root, "holdfast-lab.json");
  const { pid, startTime } = JSON.parse(readFileSync(mark, "utf8")) as { readonly pid: number; readonly startTime: string };
  assert.equal(pid, process.pid);
  if (startTime === "") return; // Without /proc a process is known by its id alone.
  writeFileSync(mark, JSON.stringify({ pid, startTime: `${Number(startTime) - 1}` }));
  takeStateFolder(root).release();
});

test("a mark that is no lab's is said to be so, and the folder keeps what is in it", (t) => {
  const root = scratch(t);
  writeFileSync(join(root, "thesis.tex"), "years of work");
  for (const mark of ["", '{"pid":', "null", "[]", '{"pid":"1"}', '{"pid":-1}']) {
    writeFileSync(join(root, "holdfast-lab.json"), mark);
    assert.throws(() => takeStateFolder(root), { code: "LAB_STATE_FOREIGN", message: /holdfast-lab\.json in it was not written by a lab/ });
  }
  assert.ok(existsSync(join(root, "thesis.tex")));
});
