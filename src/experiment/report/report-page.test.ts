import assert from "node:assert/strict";
import { test } from "node:test";
import { factsOf } from "./facts/run-facts.ts";
import { readJournal } from "./journal/read-journal.ts";
import { reportMarkdown } from "./markdown/report-markdown.ts";
import { reportPage } from "./page/report-page.ts";

const START = Date.parse("2026-03-01T12:00:00Z");
const at = (seconds: number): string => new Date(START + seconds * 1000).toISOString();
const probe = (seconds: number, isMet: boolean): object => ({
  activity: { type: "probe", name: "front page", tolerance: 200, provider: { type: "http", url: "http://shop/" } },
  output: { status: isMet ? 200 : 503, body: "</code><script>alert(1)</script>" },
  start: at(seconds),
  end: at(seconds + 0.1),
  duration: 0.1,
  status: "succeeded",
  tolerance_met: isMet,
});
const look = (seconds: number, isMet: boolean): object => ({ steady_state_met: isMet, probes: [probe(seconds, isMet)] });
const stop = {
  activity: { type: "action", name: "stop <it>", provider: { type: "process", path: "kill", arguments: ["-STOP", "1"] } },
  output: { status: 0, stdout: "\u001B[31mred\u001B[0m", stderr: "" },
  start: at(2),
  end: at(2.1),
  duration: 0.1,
  status: "succeeded",
};

/** Missed from 3 s to 5 s. */
const JOURNAL = {
  "chaoslib-version": "1.45.0",
  platform: "Linux",
  node: "vm",
  experiment: {
    title: "the shop & its <cache>",
    description: "",
    "steady-state-hypothesis": { title: "the shop answers", probes: [{ name: "front page", tolerance: 200 }] },
    method: [],
  },
  start: at(0),
  end: at(8),
  duration: 8,
  status: "completed",
  deviated: false,
  steady_states: {
    before: look(0, true),
    during: [1, 2, 3, 4, 5, 6].map((second) => look(second, second < 3 || second > 4)),
    after: look(7, true),
  },
  run: [stop],
  rollbacks: [],
};

const pageOf = (...journals: readonly object[]): string =>
  reportPage(journals.map((one) => factsOf(readJournal(JSON.stringify(one), "x.json"), "x.json")));

test("a report says the verdict in a sentence, the outage from look to look, and how long it took to be seen", () => {
  const page = pageOf(JOURNAL);
  assert.match(page, /“the shop answers” did not hold under “stop &lt;it&gt;”: it was missed for 2\.0\u00A0s \(2 of 7 looks\)\./);
  assert.match(page, /<td class="w">\+3\.0 s<\/td>\s*<td class="w">\+5\.0 s<\/td>\s*<td class="n">2\.0 s<\/td>/);
  assert.match(page, /time to detect \(TTD\)<\/dt><dd>1\.0 s/);
  assert.match(page, /no witness of its own looked/);
});

test("nothing that a program printed can become a tag, a script, or a colour of a terminal", () => {
  const page = pageOf(JOURNAL);
  assert.doesNotMatch(page, /<script|<cache|\u001B/);
  assert.match(page, /the shop &amp; its &lt;cache&gt;/);
  assert.match(page, /Content-Security-Policy" content="default-src &#39;none&#39;/);
  assert.doesNotMatch(page, /(?:src|href)="(?!#)/, "it needs nothing else");
});

test("a journal of Chaos Toolkit 0.18, which knows no status of what was interrupted and no looks beside the method, is read", () => {
  const { deviated: _, steady_states: states, ...older } = JOURNAL;
  const { activity, output, start } = stop;
  const journal = {
    ...older,
    status: "interrupted",
    steady_states: { before: states.before, after: null },
    run: [{ activity, output, start }],
  };
  const page = pageOf(journal);
  assert.match(page, /The run was halted: ended by a signal/);
  assert.match(page, /<span class="bad">failed<\/span> it failed/);
});

test("of several journals the page begins with a table that leads to each", () => {
  const page = pageOf(JOURNAL, { ...JOURNAL, steady_states: { ...JOURNAL.steady_states, during: [look(1, true)] } });
  assert.match(page, /<h1>2 experiments<\/h1>/);
  assert.match(page, /<a href="#run-2">the shop &amp; its &lt;cache&gt;<\/a><\/td><td class="w"><span class="good">held/);
});

test("what is no journal is told with its place, and what to give instead", () => {
  const read = (text: string) => () => readJournal(text, "j.json");
  assert.throws(read('{\n "title": }'), { code: "REPORT_JOURNAL", message: /^j\.json:2:11: is no JSON: / });
  assert.throws(read('{"title":"an experiment"}'), { message: /^j\.json: is no journal: it has no field 'experiment'; a journal is what/ });
  assert.throws(read('{"experiment":{},"start":"yesterday"}'), { message: /its field 'start' is no time/ });
});

const histogram = (ms: number): object => ({
  count: 400,
  percentiles: [50, 90, 99, 99.9, 100].map((percentile) => ({ percentile, ms: ms * (1 + percentile / 100) })),
});
const loadOf = (name: string, group: string, broken: readonly number[]): object => ({
  name,
  group,
  target: "http://shop/",
  startedAt: at(0),
  seconds: [0, 1, 2, 3, 4, 5, 6, 7].map((second) => ({
    at: at(second),
    sent: 50,
    ok: broken.includes(second) ? 20 : 50,
    failed: broken.includes(second) ? { "status 503": 30 } : {},
    p50Ms: 5,
    p99Ms: broken.includes(second) ? 900 : 9,
    maxMs: 950,
  })),
  totals: { sent: 400, ok: 400 - 30 * broken.length, failed: { "status 503": 30 * broken.length } },
  response: histogram(broken.length > 0 ? 400 : 5),
  service: histogram(5),
  lateness: { p99Ms: 0.2, maxMs: 1.5, isTooLate: false },
});
const EVIDENCE = {
  verdict: "deviated",
  reasons: ["2 of 7 looks at the steady state missed"],
  outageSeconds: 2,
  run: "20260301T120000Z-7",
  seed: 42,
  command: ["experiment", "run", "x.json"],
  target: "lab /tmp/x",
  faults: [
    {
      id: "fault-1",
      kind: "process/signal",
      label: "SIGSTOP of process 7",
      victims: ["process 7"],
      injectedAt: at(2),
      witnessedAt: at(2.1),
      witness: "/proc/7/stat",
      injectedEvidence: "process 7: state T",
      revertedAt: at(5),
      revertedEvidence: "process 7: state S",
      isFinal: false,
      byHand: null,
    },
    {
      id: "fault-2",
      kind: "network/drop",
      label: "drop of replies",
      victims: ["127.0.0.9"],
      injectedAt: at(3),
      witnessedAt: null,
      witness: "connect",
      injectedEvidence: "connected after 1 ms",
      revertedAt: null,
      revertedEvidence: null,
      isFinal: false,
      byHand: "iptables -D OUTPUT 1",
    },
  ],
  load: [loadOf("users", "experiment", [3, 4]), loadOf("twin", "control", [])],
  host: { holdfast: "0.1.0", node: "26", cpus: 2, memoryMiB: 4096, load1: 1.5 },
  events: [
    { at: at(1), kind: "blast plan", text: "1 of 3 pods: a" },
    { at: at(3.5), kind: "halt", text: "budget spent" },
  ],
};

test("the evidence of a run is told: what was proven to be there and gone, requests beside the control group, what deviated first, and how to play it again", () => {
  const page = pageOf({ ...JOURNAL, holdfast: EVIDENCE });
  assert.match(
    page,
    /under SIGSTOP of process 7 and drop of replies: it was missed for 2\.0\u00A0s \(2 of 7 looks\); 60 of 400 requests failed\./,
  );
  assert.match(page, /<span class="good">seen<\/span> \+2\.1 s, 100 ms after it was done, by \/proc\/7\/stat<br><code>process 7: state T/);
  assert.match(page, /<span class="bad">not seen<\/span> by connect: connected after 1 ms/);
  assert.match(page, /by hand: <code>iptables -D OUTPUT 1<\/code>/);
  assert.match(page, /of 400; control group: 0 of 400/);
  assert.match(page, /“users” against “twin”: p50 80\.0 times/);
  assert.match(page, /What deviated first.*requests of “users” failed \(status 503\)/s);
  assert.match(page, /<pre>holdfast experiment run x\.json --seed 42<\/pre>/);
  assert.match(page, /planned: 1 of 3 pods: a<\/li><li>hit: process 7<\/li>/);
  assert.match(page, /Holdfast 0\.1\.0, Node 26, 2 processors, 4,096 MiB of memory, load average 1\.5/);
  assert.match(page, /halt<\/td><td>budget spent/);
  assert.doesNotMatch(page, /NaN|undefined|Infinity/);
});

test("as Markdown the report says the same", () => {
  const run = factsOf(readJournal(JSON.stringify({ ...JOURNAL, holdfast: EVIDENCE }), "x.json"), "x.json");
  const text = reportMarkdown([run], [{ ...run, fromMs: run.fromMs - 1000 }]);
  for (const line of [
    /^\*\*deviated\.\*\*/m,
    /^\| users \| experiment \| 400 \| 60 \| status 503 60 \|/m,
    /NOT PUT BACK; by hand: iptables/,
    /^\| \+3\.0 s \| \+5\.0 s \| 2\.0 s \| 2 \|$/m,
    /## Against the last run/,
  ])
    assert.match(text, line);
});

test("load is what is looked at, and disturbs nothing by itself", () => {
  const start = {
    ...stop,
    activity: { type: "action", name: "shoppers", provider: { type: "holdfast", activity: "load/start", arguments: {} } },
  };
  const page = pageOf({ ...JOURNAL, run: [start], holdfast: { ...EVIDENCE, verdict: "held", reasons: [], faults: [] } });
  assert.match(page, /“the shop answers” held: /);
  assert.match(page, /Not tested: nothing was disturbed/);
  assert.doesNotMatch(page, /time to detect/);
});

test("what was missed already before the fault is not put down to it, and figures of a generator that was late are doubted", () => {
  const [fault, ...rest] = EVIDENCE.faults;
  const late = { ...loadOf("users", "experiment", [3, 4]), lateness: { p99Ms: 300, maxMs: 900, isTooLate: true } };
  const page = pageOf({
    ...JOURNAL,
    holdfast: {
      ...EVIDENCE,
      load: [late],
      faults: [{ ...fault, injectedAt: at(3.5), witnessedAt: at(3.6) }, ...rest.map((one) => ({ ...one, injectedAt: at(4) }))],
    },
  });
  assert.match(page, /time to detect \(TTD\)<\/dt><dd>cannot be said<small>the steady state was missed already before SIGSTOP/);
  assert.match(page, /Not tested: how fast answers were \(the generator of “users” was late itself\); whether what was done is to blame/);
});
