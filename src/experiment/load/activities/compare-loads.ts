import { written } from "../../document/json.ts";
import type { NativeActivity } from "../../native/native-activity.ts";
import { ActivityFailed } from "../../provider/activity-failed.ts";
import { compareDistributions } from "../compare/two-distributions.ts";
import { compareShares } from "../compare/two-shares.ts";
import type { Histogram } from "../record/histogram.ts";
import type { WindowFigures } from "../window.ts";
import { figuresFor, refuseLate, windowArguments } from "./probe-load.ts";

/** What a comparison found. */
interface Comparison {
  readonly text: string;
  readonly pValue: number;
  /** How much worse the experiment is, in the unit of `least`; below 0: better. */
  readonly effect: number;
}

/** From this on an effect is more than negligible: in percentage points, as Cliff's delta, as a ratio less 1. */
const LEAST_EFFECT = { success: 0.1, latency: 0.147, tail: 0.5 } as const;

const MEASURES = ["success", "latency", "tail"] as const;

const compare: NativeActivity = {
  name: "load/compare",
  does: "probe",
  summary: "whether a load is worse than the control group: true when it is not; what was compared is an event of the run",
  arguments: {
    experiment: { type: "string", default: "load", summary: "the load that the fault reaches" },
    control: { type: "string", default: "control", summary: "the load that it should not reach" },
    measure: {
      type: "string",
      choices: MEASURES,
      default: "success",
      summary:
        "success: shares of right answers (z-test); latency: all response times (Mann-Whitney U, Cliff's delta); tail: how many are above the control group's percentile (z-test)",
    },
    percentile: { type: "number", least: 50, most: 99.9, default: 99, summary: "of tail" },
    alpha: {
      type: "number",
      least: 0.000001,
      most: 0.5,
      default: 0.01,
      summary: "a difference counts when chance makes one as large less often than this",
    },
    effect: {
      type: "number",
      least: 0,
      most: 1000,
      summary:
        "and when it is larger than this: percentage points (0.1), Cliff's delta (0.147), or by how much the percentile's ratio is above 1 (0.5)",
    },
    late: {
      type: "number",
      least: 1,
      most: 10_000,
      default: 25,
      summary: "how late, in milliseconds, the generators themselves may have been",
    },
    ...windowArguments,
  },
  run(given, call) {
    return Promise.resolve().then(() => {
      const [experiment, control] = [written(given["experiment"]), written(given["control"])];
      const [here, there] = [figuresFor(experiment, given, call), figuresFor(control, given, call)];
      const measure = MEASURES.find((one) => one === given["measure"]) ?? "success";
      if (measure !== "success") {
        refuseLate(experiment, here, given);
        refuseLate(control, there, given);
        if (here.response.count === 0 || there.response.count === 0)
          throw new ActivityFailed("one of the loads had no answer whose time could be told");
      }
      const { text, pValue, effect } = comparison(measure, here, there, Number(given["percentile"]));
      const least = typeof given["effect"] === "number" ? given["effect"] : LEAST_EFFECT[measure];
      const isWorse = pValue < Number(given["alpha"]) && effect > least;
      call.evidence.recordEvent(
        "comparison",
        `${experiment} against ${control}: ${text}, p = ${pValue.toPrecision(2)}: ${isWorse ? "worse" : "not worse"}`,
      );
      return !isWorse;
    });
  },
};

export const compareActivities: readonly NativeActivity[] = [compare];

function comparison(measure: (typeof MEASURES)[number], here: WindowFigures, there: WindowFigures, percentile: number): Comparison {
  if (measure === "success") {
    const { experiment, control, pValue } = compareShares({ yes: here.ok, all: here.sent }, { yes: there.ok, all: there.sent });
    const text = `success ${percent(experiment)} of ${here.sent}, ${percent(control)} of ${there.sent} (two-proportion z-test)`;
    return { text, pValue, effect: (control - experiment) * 100 };
  }
  if (measure === "latency") {
    const { pValue, delta } = compareDistributions(here.response, there.response);
    const text = `response p50 ${ms(here.response, 50)}, ${ms(there.response, 50)}, Cliff's delta ${delta.toFixed(3)} (Mann-Whitney U)`;
    return { text, pValue, effect: delta };
  }
  const boundUs = there.response.percentileUs(percentile);
  const { experiment, control, pValue } = compareShares(above(here.response, boundUs), above(there.response, boundUs));
  const ratio = here.response.percentileUs(percentile) / Math.max(1, boundUs);
  const text = `response p${percentile} ${ms(here.response, percentile)}, ${ms(there.response, percentile)}; above the control group's are ${percent(experiment)}, ${percent(control)} (two-proportion z-test)`;
  return { text, pValue, effect: ratio - 1 };
}

function above(histogram: Histogram, boundUs: number): { yes: number; all: number } {
  let yes = 0;
  for (let index = 0; index < histogram.length; index++) if (histogram.valueAt(index) > boundUs) yes += histogram.countAt(index);
  return { yes, all: histogram.count };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(3)} %`;
}

function ms(histogram: Histogram, percentile: number): string {
  return `${(histogram.percentileUs(percentile) / 1000).toFixed(2)} ms`;
}
