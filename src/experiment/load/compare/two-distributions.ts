import type { Histogram } from "../record/histogram.ts";
import { twoSided } from "./two-shares.ts";

/** Two distributions, compared by rank: no shape is taken for granted. */
export interface DistributionComparison {
  /** Two-sided, of the Mann-Whitney U test: normal approximation, corrected for ties. */
  readonly pValue: number;
  /**
   * Cliff's delta, from -1 to 1: how much likelier a duration of the experiment is above one of the control group than below it. Below 0.147 it
   * is called negligible, below 0.33 small, below 0.474 medium (Romano et al., 2006).
   */
  readonly delta: number;
}

/** NaN when a group is empty. Both histograms have the same figures. */
export function compareDistributions(experiment: Histogram, control: Histogram): DistributionComparison {
  const [many, others] = [experiment.count, control.count];
  let below = 0;
  let wins = 0;
  let ties = 0;
  for (let index = 0; index < experiment.length; index++) {
    const here = experiment.countAt(index);
    const there = control.countAt(index);
    if (here + there === 0) continue;
    wins += here * (below + there / 2);
    below += there;
    const tied = here + there;
    ties += tied ** 3 - tied;
  }
  const all = many + others;
  const variance = ((many * others) / 12) * (all + 1 - ties / (all * (all - 1)));
  const delta = (2 * wins) / (many * others) - 1;
  const z = (wins - (many * others) / 2) / Math.sqrt(variance);
  return { pValue: variance <= 0 ? 1 : twoSided(z), delta };
}
