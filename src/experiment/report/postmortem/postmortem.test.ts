import assert from "node:assert/strict";
import { test } from "node:test";
import { factsOf } from "../facts/run-facts.ts";
import { readJournal } from "../journal/read-journal.ts";
import { draftOf } from "./draft.ts";
import { postMortemMarkdown } from "./markdown.ts";
import { openItems } from "./open-items.ts";
import { isPostMortem, readActionItems } from "./read-action-items.ts";

const TITLE = "the shop | its *cache* <b>";
const START = Date.parse("2026-03-01T12:00:00Z");
const at = (seconds: number): string => new Date(START + seconds * 1000).toISOString();
const look = (seconds: number, isMet: boolean): object => ({
  steady_state_met: isMet,
  probes: [
    {
      activity: { type: "probe", name: "front page" },
      output: null,
      start: at(seconds),
      end: at(seconds + 0.1),
      duration: 0.1,
      status: "succeeded",
      tolerance_met: isMet,
    },
  ],
});
const FAULT = {
  id: "fault-1",
  kind: "process/signal",
  label: "SIGSTOP of process 7",
  victims: ["process 7"],
  injectedAt: at(2),
  witnessedAt: at(2.1),
  witness: "/proc/7/stat",
  injectedEvidence: "state T",
  revertedAt: at(5),
  revertedEvidence: "state R",
  isFinal: false,
  byHand: null,
};

function runOf(verdict: string, seconds: number, fault: object = FAULT): ReturnType<typeof factsOf> {
  const evidence = {
    verdict,
    reasons: ["2 of 5 looks missed"],
    outageSeconds: 2,
    run: "20260301T120000Z-7",
    seed: 7,
    command: ["experiment", "run", "it's.json"],
    target: "lab",
    faults: [fault],
    load: [],
    events: [],
  };
  const journal = {
    experiment: { title: TITLE, description: "", "steady-state-hypothesis": { title: "it answers", probes: [] }, method: [] },
    start: at(seconds),
    end: at(seconds + 8),
    duration: 8,
    status: "completed",
    holdfast: evidence,
    steady_states: {
      before: look(0, true),
      during: [look(1, true), look(3, false), look(4, false), look(5.5, true)],
      after: look(7, true),
    },
    run: [],
    rollbacks: [],
  };
  return factsOf(readJournal(JSON.stringify(journal), "j.json"), "j.json");
}

function markdownOf(run: ReturnType<typeof factsOf>): string {
  const draft = draftOf(run);
  assert.ok(draft !== undefined);
  return postMortemMarkdown(draft);
}

test("a draft has action items to prevent, to detect and to mitigate, that are read back as they were written", () => {
  const text = markdownOf(runOf("deviated", 0));
  assert.ok(isPostMortem(text));
  const items = readActionItems(text, "p.md");
  assert.deepEqual(
    items.map(({ id, type, priority, status, owner, experiment }) => [id, type, priority, status, owner, experiment]),
    [
      ["20260301T120000Z-7/1", "prevent", "P1", "open", "", TITLE],
      ["20260301T120000Z-7/2", "detect", "P2", "open", "", TITLE],
      ["20260301T120000Z-7/3", "mitigate", "P2", "open", "", TITLE],
    ],
  );
  assert.match(text, /- time to detect \(TTD\): 1\.0 s \(from SIGSTOP of process 7/);
  assert.match(text, /- hypothesis, from the order of events alone: “it answers” \(a look that missed\) was the first to deviate/);
  assert.match(text, /## Where we got lucky\n\n- \(to be written by those who were there\)/);
});

test("of a fault that stayed, what has to be done by hand comes first; what held needs no post-mortem", () => {
  const stuck = runOf("not-reverted", 0, { ...FAULT, revertedAt: null, byHand: "kill -CONT 7" });
  const [first] = readActionItems(markdownOf(stuck), "p.md");
  assert.deepEqual(
    [first?.priority, first?.type, first?.action],
    ["P0", "mitigate", "put back SIGSTOP of process 7 by hand: kill -CONT 7"],
  );
  assert.equal(draftOf(runOf("held", 0)), undefined);
});

test("an open item says what its experiment did since, and only since", () => {
  const run = runOf("deviated", 0);
  const text = markdownOf(run)
    .replace("| (nobody yet) | open |", "| anna | open |")
    .replace("| (nobody yet) | open |", "| (nobody yet) | done |");
  const items = readActionItems(text, "p.md");
  const since = (...runs: readonly ReturnType<typeof factsOf>[]) =>
    openItems(items, runs).map(({ owner, since }) => [owner, since?.verdict]);
  assert.deepEqual(
    since(run),
    [
      ["anna", undefined],
      ["", undefined],
    ],
    "the run itself is not since",
  );
  assert.deepEqual(since(run, runOf("held", 100), runOf("deviated", 50)), [
    ["anna", "held"],
    ["", "held"],
  ]);
});

test("a row that says what cannot be is told with its line and column", () => {
  const text = markdownOf(runOf("deviated", 0));
  const read = (changed: string) => () => readActionItems(changed, "p.md");
  assert.throws(read(text.replace("| P1 |", "| urgent |")), {
    code: "POSTMORTEM_UNREADABLE",
    message: /^p\.md:\d+:\d+: priority "urgent" is not known: write P0, P1, P2 or P3$/,
  });
  assert.throws(read(text.replace("| P1 | (nobody yet) |", "| P1 |")), { message: /has 6 cells where the table has 7/ });
  assert.throws(read(text.replace("| owner |", "| who |")), { message: /the table of action items has no column owner$/ });
  assert.throws(read("# Post-mortem: x\n\n## Action items\n\n- none\n"), { message: /^p\.md:3:1: holds no table/ });
});

test("a run is played again with the seed that was drawn, quoted for a shell", () => {
  assert.equal(runOf("held", 0).reproduce, "holdfast experiment run 'it'\\''s.json' --seed 7");
});
