import { type Json, type JsonObject, isList, written } from "../../document/json.ts";
import type { ArgumentRules } from "../../native/argument-rules.ts";
import type { NativeActivity, NativeCall } from "../../native/native-activity.ts";
import { ActivityFailed } from "../../provider/activity-failed.ts";
import { OVER, type Over, type WindowFigures, boundsOf, figuresOf, secondsIn } from "../window.ts";
import { loadNamed } from "./loads.ts";

/** The arguments that say which seconds are looked at. */
export const windowArguments: ArgumentRules = {
  over: {
    type: "string",
    choices: OVER,
    default: "all",
    summary: "which seconds: all of the load, the last ones, or those before, during, since or after the faults of the run",
  },
  seconds: { type: "number", least: 1, most: 21_600, default: 10, summary: "of last: how many seconds" },
  skip: { type: "number", least: 0, most: 21_600, default: 0, summary: "seconds left out at the beginning of these" },
};

const lateArgument: ArgumentRules = {
  late: {
    type: "number",
    least: 1,
    most: 10_000,
    default: 25,
    summary: "how late, in milliseconds, the generator itself may have been; later, and the figures are not believed",
  },
};

const named: ArgumentRules = { name: { type: "string", default: "load", summary: "the load" } };

/** What happened to a load in the window that the arguments ask for. Throws ActivityFailed when nothing was due in it: no data is no success. */
export function figuresFor(name: string, given: JsonObject, { evidence, clock }: NativeCall): WindowFigures {
  const { load, startedMs } = loadNamed(evidence, name);
  if (load.problem !== undefined) throw new ActivityFailed(`load ${JSON.stringify(name)}: ${load.problem}`);
  const over = written(given["over"]) as Over;
  const nowMs = clock.wallMs();
  const bounds = boundsOf(
    { over, seconds: Number(given["seconds"]), skipSeconds: Number(given["skip"]) },
    evidence.faults,
    startedMs,
    nowMs,
  );
  if (bounds === undefined) throw new ActivityFailed(`over ${JSON.stringify(over)}: no fault of this run has come to that`);
  const figures = figuresOf(secondsIn(load.seconds, bounds, over), nowMs);
  if (figures.sent === 0)
    throw new ActivityFailed(`load ${JSON.stringify(name)}: nothing was due in the seconds that are asked for (over ${over})`);
  return figures;
}

/** Throws ActivityFailed when the generator was so late that its latencies are its own. */
export function refuseLate(name: string, { lateMs }: WindowFigures, given: JsonObject): void {
  const limitMs = Number(given["late"]);
  if (lateMs > limitMs)
    throw new ActivityFailed(
      `load ${JSON.stringify(name)}: the generator itself was ${lateMs} ms late at p99, more than ${limitMs} ms: the machine is too busy to say`,
    );
}

function probe(
  name: string,
  summary: string,
  more: ArgumentRules,
  read: (figures: WindowFigures, given: JsonObject, load: string) => Json,
): NativeActivity {
  return {
    name,
    does: "probe",
    summary,
    arguments: { ...named, ...more, ...windowArguments },
    run(given, call) {
      const load = written(given["name"]);
      return Promise.resolve().then(() => read(figuresFor(load, given, call), given, load));
    },
  };
}

const success = probe(
  "load/success",
  "right answers in percent, 0 to 100, of what was due; what is unanswered for more than a second counts as not right",
  {},
  ({ ok, sent }) => (ok * 100) / sent,
);

const failed = probe(
  "load/failed",
  "how many requests failed, or are unanswered for more than a second",
  {
    classes: {
      type: "list",
      summary: "only these classes of failures (docs/reference/load.md), as status-5xx; all, and what is unanswered, when left out",
    },
  },
  ({ failed: byClass, unanswered }, { classes }) => {
    const counted = isList(classes) ? classes.map(written) : undefined;
    const sum = Object.entries(byClass).reduce(
      (total, [name, count]) => (counted === undefined || counted.includes(name) ? total + count : total),
      0,
    );
    return counted === undefined ? sum + unanswered : sum;
  },
);

const outage = probe("load/outage", "in how many different seconds a request failed", {}, ({ outageSeconds }) => outageSeconds);

const latency = probe(
  "load/latency",
  "a percentile of response times in milliseconds, from the moment each request was due",
  { percentile: { type: "number", least: 0, most: 100, default: 99, summary: "which percentile; 100 is the longest" }, ...lateArgument },
  (figures, given, load) => {
    refuseLate(load, figures, given);
    if (figures.response.count === 0)
      throw new ActivityFailed(`load ${JSON.stringify(load)}: there was no answer whose time could be told`);
    return figures.response.percentileUs(Number(given["percentile"])) / 1000;
  },
);

const recovery: NativeActivity = {
  name: "load/recovery",
  does: "probe",
  summary: "seconds from the end of the last fault to the last request after it that failed; 0 when none did",
  arguments: named,
  async run(given, { evidence, clock }) {
    const { load, startedMs, name } = loadNamed(evidence, written(given["name"]));
    if (load.problem !== undefined) throw new ActivityFailed(`load ${JSON.stringify(name)}: ${load.problem}`);
    const bounds = boundsOf({ over: "after-faults", seconds: 0, skipSeconds: 0 }, evidence.faults, startedMs, clock.wallMs());
    if (bounds === undefined) throw new ActivityFailed("no fault of this run is over");
    const [endedMs] = bounds;
    const after = load.seconds.filter(({ at }) => Date.parse(at) + 1000 > endedMs);
    if (after.length === 0) throw new ActivityFailed(`load ${JSON.stringify(name)}: nothing was due after the last fault`);
    const last = Math.max(endedMs, ...after.map(({ failedUntil }) => (failedUntil === undefined ? endedMs : Date.parse(failedUntil))));
    return (last - endedMs) / 1000;
  },
};

export const probes: readonly NativeActivity[] = [success, failed, outage, latency, recovery];
