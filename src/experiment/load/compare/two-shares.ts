/** Two groups of yes and no, compared. */
export interface ShareComparison {
  /** Shares from 0 to 1. */
  readonly experiment: number;
  readonly control: number;
  /** Two-sided, of the two-proportion z-test with pooled variance. */
  readonly pValue: number;
}

/** `yes` of `all` in each group. NaN as p when a group is empty. */
export function compareShares(experiment: { yes: number; all: number }, control: { yes: number; all: number }): ShareComparison {
  const [one, two] = [experiment.yes / experiment.all, control.yes / control.all];
  const pooled = (experiment.yes + control.yes) / (experiment.all + control.all);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / experiment.all + 1 / control.all));
  return { experiment: one, control: two, pValue: error === 0 ? 1 : twoSided((one - two) / error) };
}

/** Probability of a value as far from 0 as `z` in a standard normal distribution (Abramowitz and Stegun 7.1.26; error below 1.5e-7). */
export function twoSided(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const polynomial = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.min(1, polynomial * Math.exp(-x * x));
}
