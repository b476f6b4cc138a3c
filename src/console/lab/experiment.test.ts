import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ManualClock } from "../../kernel/testing/manual-clock.ts";
import { createScriptedLab } from "../testing/scripted-lab.ts";
import { NOTHING_TOLD, announce } from "../view/announcement.ts";
import { ExperimentWatch, experimentFaults } from "./experiment.ts";

const RUN = { is: "run", run: "20260301T120000Z-7", title: "t", hypothesis: "h", target: "lab", seed: 1 };
const FAULT = {
  id: "fault-1",
  kind: "process/signal",
  label: "SIGSTOP of process 7",
  victims: ["a", "b"],
  witness: "/proc/7/stat",
  injectedAt: null,
  witnessedAt: null,
  injectedEvidence: null,
  revertedAt: null,
  revertedEvidence: null,
  isFinal: false,
  byHand: null,
};

test("the newest run is followed line by line: what is under way, faults from done to seen to gone, looks, load, and the verdict", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-watch-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const watch = new ExperimentWatch(folder);
  assert.equal(watch.view(), null);
  const file = join(folder, RUN.run, "progress.jsonl");
  const tell = (line: object, second: number): void =>
    appendFileSync(file, `${JSON.stringify({ at: `2026-03-01T12:00:0${second}.000Z`, ...line })}\n`);
  mkdirSync(join(folder, RUN.run));
  assert.equal(watch.view(), null, "its folder is there before its first line");

  tell({ ...RUN, pid: process.pid }, 0);
  tell({ is: "phase", phase: "method" }, 0);
  tell({ is: "activity", type: "action", name: "stop it", state: "begun", problem: null }, 1);
  tell({ is: "fault", fault: FAULT }, 1);
  const begun = watch.view();
  assert.deepEqual([begun?.stage, begun?.doing, begun?.faults[0]?.state, begun?.faults[0]?.victims], ["method", ["stop it"], "doing", 2]);

  const seen = { ...FAULT, injectedAt: "2026-03-01T12:00:02.000Z", injectedEvidence: "state T", witnessedAt: "2026-03-01T12:00:02.100Z" };
  tell({ is: "fault", fault: seen }, 2);
  tell({ is: "activity", type: "action", name: "stop it", state: "done", problem: null }, 2);
  tell({ is: "look", when: "during", isMet: true, probe: null, answered: null }, 2);
  tell(
    {
      is: "load",
      name: "users",
      group: "experiment",
      seconds: [
        { ok: 20, p99Ms: 7 },
        { ok: 0, p99Ms: 0 },
      ],
      totals: { sent: 50, ok: 48, failed: { refused: 2 } },
    },
    2,
  );
  // Half of a line is read when its other half is there.
  appendFileSync(file, '{"at":"2026-03-01T12:00:03.000Z","is":"look","when":"during",');
  assert.equal(watch.view()?.looksTotal, 1);
  appendFileSync(file, '"isMet":false,"probe":"front page","answered":"503"}\n');
  const view = watch.view();
  assert.deepEqual([view?.looksTotal, view?.looksMissed, view?.looks[1]?.why], [2, 1, "front page: 503"]);
  assert.deepEqual([view?.doing, view?.faults[0]?.state, view?.faults[0]?.evidence], [[], "seen", "state T"]);
  assert.deepEqual(view?.load, [{ name: "users", group: "experiment", sent: 50, failed: 2, p99Ms: 7 }]);
  const startMs = Date.parse("2026-03-01T12:00:00Z");
  const shaded = (): unknown =>
    experimentFaults(watch.view(), (ms) => (ms - startMs) / 1000).map(({ startedAtSeconds, endedAtSeconds }) => [
      startedAtSeconds,
      endedAtSeconds,
    ]);
  assert.deepEqual(shaded(), [[2, null]]);

  tell({ is: "fault", fault: { ...seen, revertedAt: "2026-03-01T12:00:05.000Z", revertedEvidence: "state S" } }, 5);
  tell({ is: "verdict", verdict: { verdict: "deviated", reasons: ["one", "two"], outageSeconds: 1 } }, 6);
  const over = watch.view();
  assert.deepEqual([over?.stage, over?.verdict, over?.endedAtMs], ["over", { outcome: "deviated", reason: "one; two" }, startMs + 6000]);
  assert.deepEqual(shaded(), [[2, 5]]);

  const snapshot = { ...createScriptedLab(new ManualClock(), { isPlayed: false, speed: 1, fromSeconds: 0 }).snapshot(), experiment: view };
  const first = announce(NOTHING_TOLD, snapshot);
  assert.deepEqual(first.sentences, ["SIGSTOP of process 7: seen by its witness."]);
  const second = announce(first.told, { ...snapshot, experiment: over });
  assert.deepEqual(second.sentences, ["Experiment t: deviated. one; two"]);
  assert.deepEqual(announce(second.told, { ...snapshot, experiment: over }).sentences, []);

  mkdirSync(join(folder, "20260301T120100Z-8"));
  appendFileSync(
    join(folder, "20260301T120100Z-8", "progress.jsonl"),
    `${JSON.stringify({ at: "2026-03-01T12:01:00.000Z", ...RUN, run: "20260301T120100Z-8", pid: 2 ** 30 })}\n`,
  );
  assert.deepEqual([watch.view()?.run, watch.view()?.stage], ["20260301T120100Z-8", "lost"], "its process is gone, and left no verdict");
});
