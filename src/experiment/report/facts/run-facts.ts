import { type JsonObject, isList, objectAt, objectsAt, textAt, written } from "../../document/json.ts";
import type { EventEvidence, Evidence, FaultEvidence, HostEvidence, LoadEvidence } from "../../evidence/evidence.ts";
import type { ActivityRun, Journal, SteadyState } from "../../run/journal.ts";
import type { LookedWhen } from "../../run/run-context.ts";
import { type Verdict, judge } from "../../run/verdict.ts";
import { instantOf } from "../journal/instant.ts";

/** One look at the steady state. */
export interface LookFacts {
  readonly when: LookedWhen;
  readonly fromMs: number;
  readonly toMs: number;
  /** `null`: it could not be judged. */
  readonly isMet: boolean | null;
  readonly probes: readonly ActivityFacts[];
}

export interface ActivityFacts {
  readonly part: "hypothesis" | "method" | "rollbacks";
  readonly name: string;
  readonly type: string;
  /** It was there to disturb: an action of the method that is no load and ended well. */
  readonly isDisturbance: boolean;
  /** What it calls, on one line. */
  readonly calls: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly isMet: boolean | undefined;
  readonly problem: string | undefined;
  /** What it answered, shortened. */
  readonly answered: string;
}

export interface HypothesisFacts {
  readonly title: string;
  readonly probes: readonly { readonly name: string; readonly calls: string; readonly tolerance: string }[];
}

/** A fault, from when it was there until it was seen to be gone. */
export interface FaultFacts extends FaultEvidence {
  readonly fromMs: number;
  /** Of the end of the run when it was not put back. */
  readonly toMs: number;
  readonly provenMs: number | undefined;
}

/** What a report tells of one run, whatever it is written in. Times are Unix milliseconds. */
export interface RunFacts {
  /** Where the journal was read. */
  readonly file: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly verdict: Verdict;
  readonly hypothesis: HypothesisFacts | undefined;
  readonly looks: readonly LookFacts[];
  readonly activities: readonly ActivityFacts[];
  /** Those that were injected. */
  readonly faults: readonly FaultFacts[];
  readonly load: readonly LoadEvidence[];
  readonly events: readonly EventEvidence[];
  /** The command line that plays it again with the same choices; undefined in a journal of Chaos Toolkit. */
  readonly reproduce: string | undefined;
  /** Name and value: where it ran, and with what. */
  readonly environment: readonly (readonly [string, string])[];
}

/** What a report tells of a journal. */
export function factsOf(journal: Journal, file: string): RunFacts {
  const { experiment, holdfast: evidence } = journal;
  const toMs = Math.max(instantOf(journal.end), instantOf(journal.start) + journal.duration * 1000);
  const tags = experiment["tags"];
  return {
    file,
    title: textAt(experiment, "title") ?? "an experiment without a title",
    description: textAt(experiment, "description") ?? "",
    tags: isList(tags) ? tags.map(written) : [],
    fromMs: instantOf(journal.start),
    toMs: Math.max(toMs, ...(evidence?.faults ?? []).map(({ revertedAt }) => (revertedAt === null ? 0 : instantOf(revertedAt)))),
    verdict: evidence ?? judge(journal, journal.status === "interrupted" ? "a signal" : undefined),
    hypothesis: hypothesisOf(experiment),
    looks: looksOf(journal),
    activities: [
      ...journal.run.map((run) => activityOf(run, "method")),
      ...journal.rollbacks.map((run) => activityOf(run, "rollbacks")),
    ].filter(({ fromMs }) => !Number.isNaN(fromMs)),
    faults: (evidence?.faults ?? []).flatMap((fault) => faultFacts(fault, toMs)),
    load: evidence?.load ?? [],
    events: evidence?.events ?? [],
    reproduce: evidence === undefined ? undefined : reproduceLine(evidence),
    environment: environmentOf(journal),
  };
}

function faultFacts(fault: FaultEvidence, endMs: number): readonly FaultFacts[] {
  const { injectedAt, witnessedAt, revertedAt } = fault;
  const from = injectedAt ?? witnessedAt;
  if (from === null) return [];
  return [
    {
      ...fault,
      fromMs: instantOf(from),
      toMs: revertedAt === null ? endMs : instantOf(revertedAt),
      provenMs: witnessedAt === null ? undefined : instantOf(witnessedAt),
    },
  ];
}

/** The seed that was drawn is put in, so that it draws the same victims. */
function reproduceLine({ command, seed }: Evidence): string {
  const given = command.filter((word, at) => word !== "--seed" && command[at - 1] !== "--seed" && !word.startsWith("--seed="));
  return ["holdfast", ...given, "--seed", String(seed)]
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
}

function hypothesisOf(experiment: JsonObject): HypothesisFacts | undefined {
  const hypothesis = objectAt(experiment, "steady-state-hypothesis");
  const title = textAt(hypothesis, "title");
  if (title === undefined) return undefined;
  const probes = objectsAt(hypothesis, "probes").map((probe) => ({
    name: textAt(probe, "name") ?? "",
    calls: callOf(probe),
    tolerance: written(probe["tolerance"]),
  }));
  return { title, probes };
}

function looksOf({ steady_states: { before, during, after, restored } }: Journal): readonly LookFacts[] {
  const look = (state: SteadyState | null | undefined, when: LookedWhen): readonly LookFacts[] => {
    const probes = (state?.probes ?? []).map((run) => activityOf(run, "hypothesis"));
    const [first] = probes;
    const last = probes.at(-1);
    if (state === null || state === undefined || first === undefined || last === undefined || Number.isNaN(first.fromMs)) return [];
    return [{ when, fromMs: first.fromMs, toMs: last.toMs, isMet: state.steady_state_met, probes }];
  };
  return [
    ...look(before, "before"),
    ...during.flatMap((state) => look(state, "during")),
    ...look(after, "after"),
    ...look(restored, "restored"),
  ];
}

function activityOf(run: ActivityRun, part: ActivityFacts["part"]): ActivityFacts {
  const fromMs = instantOf(run.start);
  const endMs = instantOf(run.end);
  const problem = run.exception?.at(-1)?.trim();
  return {
    part,
    name: textAt(run.activity, "name") ?? "",
    type: textAt(run.activity, "type") ?? "activity",
    isDisturbance: part === "method" && run.activity["type"] === "action" && run.status === "succeeded" && !isLoad(run.activity),
    calls: callOf(run.activity),
    fromMs,
    // `duration` is of a clock that does not jump.
    toMs: run.duration === undefined ? (Number.isNaN(endMs) ? fromMs : endMs) : fromMs + run.duration * 1000,
    isMet: run.tolerance_met,
    problem: run.status === "failed" ? (problem ?? "it failed") : problem,
    answered: shortened(written(run.output), 300),
  };
}

/** Requests of users, and of the control group: what is looked at, not what it is looked at under. */
function isLoad(activity: JsonObject): boolean {
  const provider = objectAt(activity, "provider");
  return provider["type"] === "holdfast" && /^load\/(?:start|stop)$/.test(textAt(provider, "activity") ?? "");
}

/** What an activity calls, as one line. */
function callOf(activity: JsonObject): string {
  const provider = objectAt(activity, "provider");
  const given = provider["arguments"];
  const text = given === undefined || given === null ? "" : isList(given) ? given.map(written).join(" ") : written(given);
  if (provider["type"] === "http") return `${textAt(provider, "method") ?? "GET"} ${textAt(provider, "url") ?? ""}`;
  if (provider["type"] === "process") return shortened(`${textAt(provider, "path") ?? ""} ${text}`.trim(), 160);
  if (provider["type"] === "holdfast") return shortened(`${textAt(provider, "activity") ?? ""} ${text}`.trim(), 160);
  return shortened(`${textAt(provider, "module") ?? ""}.${textAt(provider, "func") ?? ""} ${text}`.trim(), 160);
}

function environmentOf(journal: Journal): readonly (readonly [string, string])[] {
  const { holdfast: evidence } = journal;
  return [
    ...(evidence === undefined
      ? []
      : ([
          ["aimed at", evidence.target],
          ["run", evidence.run],
          ["seed", String(evidence.seed)],
        ] as const)),
    ...(evidence?.host === undefined ? [] : ([["host", hostLine(evidence.host)]] as const)),
    ["ran on", journal.node],
    ["system", journal.platform],
    [
      "journal",
      evidence === undefined
        ? `of Chaos Toolkit ${journal["chaoslib-version"]}`
        : `as of Chaos Toolkit ${journal["chaoslib-version"]}, with what Holdfast adds`,
    ],
  ];
}

function hostLine({ holdfast, node, cpus, memoryMiB, load1 }: HostEvidence): string {
  return `Holdfast ${holdfast}, Node ${node}, ${cpus} processors, ${memoryMiB.toLocaleString("en-GB")} MiB of memory, load average ${load1.toFixed(1)} at the end`;
}

export function shortened(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
