import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { listOpenItems, writePostMortem } from "./postmortem-files.ts";

test("a draft is written once beside its journal; a folder tells what is open in it, whatever else lies there", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-postmortem-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const start = "2026-03-01T12:00:00Z";
  const probe = { activity: { type: "probe", name: "p" }, start, end: start, duration: 0, status: "succeeded" };
  const state = (isMet: boolean): object => ({ steady_state_met: isMet, probes: [{ ...probe, tolerance_met: isMet }] });
  const journal = (isMet: boolean): string =>
    JSON.stringify({
      experiment: { title: "t" },
      start,
      end: start,
      status: "completed",
      run: [],
      steady_states: { before: state(true), after: state(isMet) },
    });
  const [failed, fine] = [join(folder, "failed.json"), join(folder, "fine.json")];
  writeFileSync(failed, journal(false));
  writeFileSync(fine, journal(true));
  writeFileSync(join(folder, "other.json"), "{}");
  writeFileSync(join(folder, "README.md"), "# Not a post-mortem\n");

  const file = writePostMortem(failed, undefined);
  assert.equal(file, join(folder, "failed.postmortem.md"));
  assert.throws(() => writePostMortem(failed, undefined), { code: "CLI_USAGE", message: /is there already/ });
  assert.throws(() => writePostMortem(fine, undefined), { code: "CLI_USAGE", message: /the run held/ });

  const json = join(folder, "open.json");
  const open = listOpenItems([folder], { owner: [], json });
  assert.ok(open > 0);
  assert.equal((JSON.parse(readFileSync(json, "utf8")) as readonly unknown[]).length, open);
  assert.equal(listOpenItems([folder], { owner: ["anna"] }), 0);
  assert.throws(() => listOpenItems([join(folder, "nowhere")], { owner: [] }), { code: "CLI_USAGE", message: /cannot be read/ });
});
