import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Failure, RIGHT } from "../client/failure-class.ts";
import { LoadRecord } from "./load-record.ts";
import type { LoadResult } from "./load-result.ts";
import { mergeResults } from "./merge-results.ts";
import { readResult } from "./read-result.ts";

const STARTED_MS = Date.parse("2026-01-01T00:00:00.000Z");

/** What a generator tells of requests that took so long, two a second; every `failing`-th fails. */
function resultOf(name: string, afterMs: number, took: readonly number[], failing: number): LoadResult {
  const record = new LoadRecord(0, STARTED_MS + afterMs);
  took.forEach((ms, index) => {
    record.due(index * 500, index * 500);
    record.finished(index * 500, index * 500, index * 500 + ms, index % failing === 0 ? Failure["status-5xx"] : RIGHT, 200);
  });
  const startedAt = new Date(STARTED_MS + afterMs).toISOString();
  const seconds = record.takeSettled(took.length * 500, true);
  return {
    version: 1,
    name,
    targets: ["http://127.0.0.1"],
    startedAt,
    durationS: took.length / 2,
    totals: record.totals(),
    ...record.latencies(),
    seconds,
  };
}

describe("results of several generators", () => {
  test("add up to what one would have told that had sent it all", (t) => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-merge-"));
    t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
    const one = resultOf("load", 0, [1, 2, 3, 4, 5, 6], 100);
    const other = resultOf("load", 1000, [100, 200, 300, 400], 3);
    const read = [one, other].map((result, index) => {
      const file = join(folder, `${index}.json`);
      writeFileSync(file, JSON.stringify(result));
      return readResult(file);
    });
    const { totals, response, seconds, durationS, name } = mergeResults(read);
    assert.deepEqual([name, durationS, totals.sent, totals.ok, totals.failed], ["load", 3, 10, 7, 3]);
    assert.deepEqual(totals.byFailure, { "status-5xx": 3 });
    // The first of `one`, and the first and the fourth of `other`, failed: in the seconds 0, 1 and 2.
    assert.equal(totals.outageSeconds, 3);
    assert.deepEqual(
      seconds.map(({ sent }) => sent),
      [2, 4, 4],
    );
    assert.equal(response.count, 7);
    assert.ok(Math.abs((response.maxMs ?? 0) - 300) < 1, String(response.maxMs));
    assert.equal(
      seconds.reduce((sum, { ok }) => sum + ok, 0),
      totals.ok,
    );
  });

  test("are refused when they are none", (t) => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-merge-"));
    t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
    const file = join(folder, "x.json");
    const good = resultOf("load", 0, [1], 100);
    for (const bad of [
      "",
      "[]",
      "{}",
      JSON.stringify({ ...good, version: 2 }),
      JSON.stringify({ ...good, response: {} }),
      JSON.stringify({ ...good, startedAt: "x" }),
    ]) {
      writeFileSync(file, bad);
      assert.throws(() => readResult(file), { code: "EXPERIMENT_LOAD_RESULT" }, bad);
    }
  });
});
