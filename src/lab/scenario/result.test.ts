import assert from "node:assert/strict";
import { test } from "node:test";
import { type Run, judge, renderTable, sentence } from "./result.ts";

const good: Run = {
  sent: 1000,
  right: 1000,
  failed: 0,
  lostInFlightAtKill: 0,
  byStatus: { "200": 1000 },
  wrongApplication: 0,
  outageSeconds: 0,
  failOpenSeconds: 0,
  apiServerKills: 3,
  routerRestarts: 3,
  convergedAfterSeconds: 4.2,
  timeline: [],
};
const bad: Run = { ...good, right: 400, failed: 600, byStatus: { "200": 400, "404": 600 }, outageSeconds: 31, failOpenSeconds: 28 };
const proven = { loadWasSent: true, changeKept: true, removalDone: true };

test("held needs a real outage: a control group that failed, and an API server that was killed", () => {
  assert.equal(judge({ naive: bad, hold: good }, proven), "held");
  assert.equal(judge({ naive: good, hold: good }, proven), "inconclusive");
  assert.equal(judge({ naive: { ...bad, apiServerKills: 0 }, hold: { ...good, apiServerKills: 0 } }, proven), "inconclusive");
  assert.equal(judge({ naive: bad, hold: good }, { ...proven, loadWasSent: false }), "inconclusive");
});

test("one failed request, a lost change, an undone removal or no convergence is a deviation", () => {
  assert.equal(judge({ naive: bad, hold: { ...good, right: 999, failed: 1 } }, proven), "deviated");
  assert.equal(judge({ naive: bad, hold: good }, { ...proven, changeKept: false }), "deviated");
  assert.equal(judge({ naive: bad, hold: good }, { ...proven, removalDone: false }), "deviated");
  assert.equal(judge({ naive: bad, hold: { ...good, convergedAfterSeconds: -1 } }, proven), "deviated");
});

test("a fleet alone is judged by itself", () => {
  assert.equal(judge({ hold: good }, proven), "held");
  assert.equal(judge({ naive: bad }, proven), "deviated");
  assert.equal(judge({}, proven), "inconclusive");
});

test("the table and the sentence say the numbers in words", () => {
  const result = { scenario: "zalando-2017", verdict: "held", policies: { naive: bad, hold: good } } as const;
  const table = renderTable(result);
  assert.match(table, /as in 2017\s+Holdfast/);
  assert.match(table, /came back instead of 200\s+404 × 600\s+nothing/);
  assert.equal(sentence(result), "The routers as in 2017 failed 600 of 1,000 requests over 31 s; Holdfast failed none of 1,000.");
});
