import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Journal } from "../../src/experiment/index.ts";
import { until } from "../../src/kernel/testing/until.ts";
import { PAUSE, ledgerIn, native, scene } from "./fault-scene.ts";

// What ends a run before its time, and what keeps one from breaking anything.

test("a steady state that was missed for longer than is allowed ends the run, and everything is put back", (t) => {
  const { victim, state, play } = scene(t);
  const stat = `/proc/${victim.pid ?? 0}/stat`;
  const probe = { type: "probe", name: "runs", tolerance: 1, provider: { type: "process", path: "grep", arguments: ["-c", ") T ", stat] } };
  const { code, said, journal } = play(
    { "steady-state-hypothesis": { title: "h", probes: [probe] }, method: [native("process/signal", { pid: victim.pid }, PAUSE)] },
    "--halt-after",
    "0.5",
    "--hypothesis-frequency",
    "0.1",
  );
  assert.equal(code, 6, said);
  assert.match(said, /halted: ended by the steady state: it was missed for \d+\.\d s, and 0\.5 s are allowed \(--halt-after\)/);
  assert.notEqual(state(), "T");
  assert.ok(
    (journal?.steady_states.during.filter(({ steady_state_met }) => steady_state_met === false).length ?? 0) > 1,
    "not by one look",
  );
  assert.equal(journal?.steady_states.restored?.steady_state_met, true);
});

test("the lever ends what plays, and while it is there nothing is broken", async (t) => {
  const { victim, state, begin, play, folder } = scene(t);
  const run = begin({ method: [native("process/signal", { pid: victim.pid }, PAUSE)] });
  const ended = once(run, "exit");
  await until("it was seen", () => /witnessed/.test(ledgerIn(folder)), 30_000);
  const lever = join(folder, "state/halt");
  writeFileSync(lever, "");
  assert.deepEqual(await ended, [6, null]);
  assert.notEqual(state(), "T");
  const { reasons } = (JSON.parse(readFileSync(join(folder, "journal.json"), "utf8")) as Journal).holdfast ?? {};
  assert.equal(reasons?.[0], `ended by the lever: ${lever} is there`);
  const { code, journal } = play({ method: [native("process/signal", { pid: victim.pid })] });
  assert.notEqual(code, 0);
  assert.deepEqual(journal?.holdfast?.faults, []);
  rmSync(lever);
  assert.equal(play({ method: [native("process/signal", { pid: victim.pid })] }).code, 0);
});

test("faults of two runs are so far apart as is asked for", (t) => {
  const { victim, play } = scene(t);
  const method = [native("process/signal", { pid: victim.pid })];
  assert.equal(play({ method }, "--faults-apart", "600").code, 0, "its own do not count");
  const { code, said } = play({ method }, "--faults-apart", "600");
  assert.equal(code, 3);
  assert.match(said, /was not done: another run broke something \d+ s ago, and faults are to be 600 s apart/);
  assert.equal(play({ method }).code, 0);
});

test("a dry run says who would be the victims and how it would be put back, touches nothing, and proves nothing", (t) => {
  const { victim, state, play, folder } = scene(t);
  const { code, said, journal, printed } = play({ method: [native("process/signal", { pid: victim.pid })] }, "--dry", "actions");
  assert.equal(code, 3, said);
  assert.match(said, /inconclusive: it was played dry \(--dry actions\): nothing was tried/);
  assert.match(
    printed,
    /^dry run: would do SIGSTOP of process (\d+); victims: process \1; put back at the end: \{"kind":"process\/signal","pid":\1/,
  );
  assert.match(
    JSON.stringify(journal?.run[0]?.output),
    /^\{"dry":true,"label":"SIGSTOP of process \d+","victims":\["process \d+"\],"undo":\{/,
  );
  assert.deepEqual([journal?.holdfast?.faults, ledgerIn(folder)], [[], ""]);
  assert.notEqual(state(), "T");
});
