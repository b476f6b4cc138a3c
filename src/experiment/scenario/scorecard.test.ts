import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { renderScorecard } from "./render-scorecard.ts";
import { type RowOutcome, type RowVerdict, isCaught, scorecardOf, verdictOfExit } from "./scorecard.ts";

function outcome(row: string, verdict: RowVerdict, wasCaught?: boolean): RowOutcome {
  const knownBad = wasCaught === undefined ? null : { switch: "s", wasCaught, verdict: wasCaught ? "fail" : "pass", seconds: 1 };
  return { row, title: row, file: `${row}.yaml`, verdict, reasons: verdict === "pass" ? [] : ["why"], seconds: 2, knownBad };
}

describe("the scorecard", () => {
  it("has all 63 rows of 13 fallacies: what was not played is not run, and never a pass", () => {
    const card = scorecardOf([outcome("F1.1", "pass")], 3, true);
    assert.deepEqual(card.totals, { pass: 1, fail: 0, inconclusive: 0, "not-run": 62 });
    assert.equal(card.fallacies.length, 13);
    assert.deepEqual(card.fallacies[0], { id: "F1", title: "The network is reliable", pass: 1, fail: 0, inconclusive: 0, "not-run": 7 });
    assert.match(renderScorecard(card), /^ {2}F1 +The network is reliable +●·{7} +1 pass, 7 not run$/m);
    assert.match(renderScorecard(card), /^ {2}not run: there is no scenario for it {2}\(F1\.2, .*, C5\.5\)$/m);
  });

  it("is judged by its worst row; nothing played is no pass", () => {
    const verdict = (...outcomes: RowOutcome[]): string => scorecardOf(outcomes, 1, false).verdict;
    assert.equal(verdict(outcome("F1.1", "pass"), outcome("F1.2", "not-run")), "pass");
    assert.equal(verdict(outcome("F1.1", "pass"), outcome("F1.2", "inconclusive")), "inconclusive");
    assert.equal(verdict(outcome("F1.1", "fail"), outcome("F1.2", "inconclusive")), "fail");
    assert.equal(verdict(outcome("F1.1", "not-run")), "not-run");
    assert.equal(verdict(), "not-run");
  });

  it("fails where a broken stack was found well", () => {
    const card = scorecardOf([outcome("F1.1", "pass", true), outcome("C2.3", "pass", false)], 62, false);
    assert.deepEqual([card.verdict, card.blind], ["fail", ["C2.3"]]);
    assert.match(renderScorecard(card), /broken stacks: 1 of 2 caught; not C2\.3\n {2}2 pass, .* in 1 min 2 s$/);
  });

  it("takes exit codes for what they are: a broken stack is caught by a deviation, not by a run that could not say", () => {
    assert.deepEqual([0, 1, 2, 3, 4, 6, null].map(verdictOfExit), [
      "pass",
      "fail",
      "inconclusive",
      "inconclusive",
      "fail",
      "fail",
      "inconclusive",
    ]);
    assert.deepEqual([0, 1, 2, 3, 4, 6, null].map(isCaught), [false, true, false, false, false, true, false]);
  });
});
