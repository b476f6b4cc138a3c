import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seededRandom } from "../../../kernel/index.ts";
import { Histogram } from "./histogram.ts";
import { histogramOf, histogramText } from "./histogram-text.ts";

/** Written by hdr-histogram-js 3.0.1 for 1 us to an hour at 3 figures: 3 x 1, 2, 1000 x 1000, 2 x 2048, 5 s, 7 x an hour. */
const THEIRS = "HISTFAAAADV4nJNpmSzMwMAgxMDAwMjAwMDMAAEgNsO1yUsY4Hw2ppP8F/jXCrC0bmZkujudkQ8At1YIqg==";

function withValues(figures: 2 | 3, values: Iterable<number>): Histogram {
  const histogram = new Histogram(figures);
  for (const value of values) histogram.record(value);
  return histogram;
}

function* spread(count: number): Generator<number> {
  const random = seededRandom(7);
  // From a microsecond to an hour, as many in each decade.
  for (let index = 0; index < count; index++) yield Math.floor(Math.exp(random.next() * Math.log(3_600_000_000)));
}

describe("a histogram", () => {
  test("tells percentiles within its figures, for all sizes of durations", () => {
    const values = [...spread(20_000)].toSorted((a, b) => a - b);
    for (const figures of [2, 3] as const) {
      const histogram = withValues(figures, values);
      for (const percent of [1, 50, 90, 99, 99.9, 100]) {
        const exact = values[Math.ceil((percent / 100) * values.length - 1e-9) - 1] ?? 0;
        const told = histogram.percentileUs(percent);
        assert.ok(told >= exact && told <= exact * (1 + 10 ** -figures) + 1, `p${percent}: ${told} for ${exact}`);
      }
    }
  });

  test("reads what hdr-histogram-js writes", () => {
    const read = histogramOf(THEIRS);
    assert.equal(read.count, 1014);
    assert.deepEqual(
      [0.1, 50, 99.2, 99.3, 100].map((percent) => read.percentileUs(percent)),
      [1, 1000, 2049, 5_001_215, 3_600_809_983],
    );
  });

  test("writes what it reads, and adds up to the same as one that saw it all", () => {
    const values = [...spread(3000)];
    const all = withValues(3, values);
    const parts = [values.slice(0, 1000), values.slice(1000)].map((part) => histogramOf(histogramText(withValues(3, part))));
    const [sum, second] = parts;
    assert.ok(sum !== undefined && second !== undefined);
    sum.add(second);
    assert.equal(histogramText(sum), histogramText(all));
    const fine = new Histogram(3);
    fine.add(withValues(2, [100, 5000]));
    assert.equal(fine.count, 2);
  });

  test("refuses what is no histogram of its range", () => {
    const bad = [Buffer.from("none").toString("base64"), THEIRS.slice(0, 40), `HISTFAAAAAA${"A".repeat(20)}`];
    for (const text of bad) assert.throws(() => histogramOf(text), { code: "EXPERIMENT_LOAD_RESULT" }, text);
  });
});
