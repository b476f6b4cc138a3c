import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { systemClock } from "../../kernel/index.ts";
import type { LoadSecond } from "./evidence.ts";
import { EvidenceBook } from "./evidence-book.ts";
import { ProgressFile } from "./progress-file.ts";
import { Redactor } from "./redactor.ts";

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-progress-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

test("whoever looks on sees the run, its looks, its faults, and each second of load once; no secrets", (t) => {
  const file = join(folderOf(t), "run", "progress.jsonl");
  const redactor = new Redactor();
  redactor.learn(["hunter22"]);
  const progress = new ProgressFile({ file, clock: systemClock, redactor, onProblem: (problem) => assert.fail(problem) });
  const book = new EvidenceBook(systemClock);
  progress.begin({ title: "t", "steady-state-hypothesis": { title: "h" } }, { run: "r", target: "none", pid: 1, seed: 7 });
  progress.follow(book);
  const { observer } = progress;
  const probe = {
    activity: { type: "probe", name: "p", tolerance: 200 },
    output: "it said hunter22",
    start: "",
    status: "succeeded" as const,
  };
  observer.phase?.("method");
  observer.activityEnds?.(probe);
  observer.looked?.({ steady_state_met: true, probes: [probe] }, "during");
  observer.looked?.({ steady_state_met: false, probes: [probe] }, "during");
  const second = (at: string): LoadSecond => ({ at, sent: 1, ok: 1, failed: {}, p50Ms: 1, p99Ms: 1, maxMs: 1 });
  const load = {
    name: "users",
    group: "experiment" as const,
    target: "http://shop",
    startedAt: "0",
    totals: { sent: 1, ok: 1, failed: {} },
    response: { count: 0, percentiles: [] },
    service: { count: 0, percentiles: [] },
    lateness: { p99Ms: 0, maxMs: 0, isTooLate: false },
  };
  book.recordLoad({ ...load, seconds: [second("0")] });
  book.recordLoad({ ...load, seconds: [second("0"), second("1"), second("2")] });
  progress.tell({ is: "verdict", verdict: { verdict: "held", reasons: [], outageSeconds: 0 } });

  const lines = readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    lines.map((line) => [
      line["is"],
      line["isMet"] ?? line["answered"] ?? (line["seconds"] as readonly LoadSecond[] | undefined)?.map(({ at }) => at).join(),
    ]),
    [
      ["run", undefined],
      ["phase", undefined],
      ["look", true],
      ["look", false],
      ["load", "0"],
      ["load", "1,2"],
      ["verdict", undefined],
    ],
  );
  assert.equal(lines[3]?.["answered"], "it said [redacted]");
});

test("a folder that cannot be written is told of once, and ends nothing", (t) => {
  const folder = folderOf(t);
  writeFileSync(join(folder, "taken"), "");
  const problems: string[] = [];
  const progress = new ProgressFile({
    file: join(folder, "taken", "progress.jsonl"),
    clock: systemClock,
    redactor: new Redactor(),
    onProblem: (problem) => problems.push(problem),
  });
  progress.observer.phase?.("before");
  progress.observer.phase?.("method");
  assert.equal(problems.length, 1);
  assert.match(problems[0] ?? "", /progress\.jsonl cannot be written, so nobody can look on: /);
});
