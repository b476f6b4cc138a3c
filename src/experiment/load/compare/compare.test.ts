import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seededRandom } from "../../../kernel/index.ts";
import { Histogram } from "../record/histogram.ts";
import { compareDistributions } from "./two-distributions.ts";
import { compareShares, twoSided } from "./two-shares.ts";

function of(values: readonly number[]): Histogram {
  const histogram = new Histogram(3);
  for (const value of values) histogram.record(value);
  return histogram;
}

describe("comparisons", () => {
  test("the normal distribution's tails are those of its table", () => {
    for (const [z, p] of [
      [0, 1],
      [1, 0.317311],
      [1.959964, 0.05],
      [-2.575829, 0.01],
      [4, 0.0000633],
    ] as const)
      assert.ok(Math.abs(twoSided(z) - p) < 1e-6, `${z}: ${twoSided(z)}`);
  });

  test("shares: an example with a known result", () => {
    // 45 of 100 against 30 of 100: pooled 0.375, z = 2.19089, p = 0.02846.
    const { pValue, experiment, control } = compareShares({ yes: 45, all: 100 }, { yes: 30, all: 100 });
    assert.ok(Math.abs(pValue - 0.02846) < 1e-4, String(pValue));
    assert.deepEqual([experiment, control], [0.45, 0.3]);
    assert.equal(compareShares({ yes: 9, all: 9 }, { yes: 5, all: 5 }).pValue, 1);
  });

  test("distributions: an example with ties, as scipy.stats.mannwhitneyu tells it without continuity correction", () => {
    // U = 5.5 of 20, z = -1.1125… with tie correction.
    const { delta, pValue } = compareDistributions(of([1, 2, 2, 5]), of([2, 3, 4, 6, 7]));
    assert.ok(Math.abs(delta - (2 * (0 + 0.5 + 0.5 + 3)) / 20 + 1) < 1e-12, String(delta));
    assert.ok(pValue > 0.1 && pValue < 0.2, String(pValue));
  });

  test("of the same distribution, one in a hundred is told apart at 0.01, not more", () => {
    const random = seededRandom(11);
    const draw = (): Histogram => of(Array.from({ length: 200 }, () => Math.round(-Math.log(1 - random.next()) * 5000)));
    let apart = 0;
    for (let run = 0; run < 400; run++) if (compareDistributions(draw(), draw()).pValue < 0.01) apart++;
    // Binomial with mean 4 and standard deviation 2.
    assert.ok(apart <= 12, String(apart));
  });

  test("a shift is seen, with its sign", () => {
    const slower = of(Array.from({ length: 200 }, (_, index) => 1100 + index));
    const faster = of(Array.from({ length: 200 }, (_, index) => 1000 + index));
    const there = compareDistributions(slower, faster);
    const back = compareDistributions(faster, slower);
    assert.ok(there.pValue < 0.001 && there.delta > 0.4);
    assert.ok(Math.abs(there.delta + back.delta) < 1e-12);
  });
});
