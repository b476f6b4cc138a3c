import { writeFileSync } from "node:fs";
import {
  type JsonObject,
  type LoadPlan,
  type LoadResult,
  type Objective,
  type ObjectiveResult,
  addressesOf,
  hdrLog,
  judgeObjective,
  latenessProblem,
  mergeResults,
  openPlan,
  progressLine,
  readObjective,
  readResult,
  runLoad,
  stepsOf,
  summaryOf,
} from "../experiment/index.ts";
import { type Random, messageOf, seededRandom, systemClock } from "../kernel/index.ts";
import { ExitCode } from "./exit-codes.ts";
import { badUsage, wholeNumber } from "./flag-values.ts";

export interface LoadRunFlags {
  readonly url: readonly string[];
  readonly rate?: string;
  readonly duration?: string;
  readonly phase: readonly string[];
  readonly arrival?: "constant" | "poisson";
  readonly host: readonly string[];
  readonly path?: string;
  readonly timeout?: string;
  readonly connections?: string;
  readonly slo: readonly string[];
  readonly allow: readonly string[];
  readonly seed: string;
  readonly name?: string;
  readonly json?: string;
  readonly hdr?: string;
  readonly findCapacity: boolean;
}

interface LiveLine {
  show(totals: Parameters<typeof progressLine>[0]): void;
  end(): void;
}

/** Lines on standard error that is no terminal. */
const LINE_EVERY_S = 10;

/** `holdfast load run`; answers the exit code. */
export async function runLoadFile(file: string | undefined, flags: LoadRunFlags): Promise<number> {
  const random = seededRandom(wholeNumber(flags.seed, "--seed", 0, 2 ** 32 - 1));
  const { plan, objectives } = openPlan(file, fieldsOf(flags));
  const addresses = await addressesOf(plan.targets, flags.allow);
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  const live = liveLine();
  if (flags.findCapacity) return findCapacity(plan, objectives, { addresses, random, signal: stopping.signal, live, json: flags.json });
  const result = await runLoad(plan, {
    clock: systemClock,
    random,
    addresses,
    signal: stopping.signal,
    onProgress: ({ totals }) => live.show(totals),
  });
  live.end();
  return conclude(result, objectives, flags);
}

interface CapacityOptions {
  readonly addresses: readonly string[];
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly live: LiveLine;
  readonly json: string | undefined;
}

/** Goes up the steps of the plan until an objective is missed; the capacity is the last step before. */
async function findCapacity(plan: LoadPlan, objectives: readonly Objective[], options: CapacityOptions): Promise<number> {
  if (objectives.length === 0) throw badUsage("--find-capacity: say what has to hold: --slo 'p99<250ms'");
  const steps: {
    readonly ratePerSecond: number;
    readonly isMet: boolean;
    readonly problem: string | undefined;
    readonly objectives: readonly ObjectiveResult[];
  }[] = [];
  for (const step of stepsOf(plan)) {
    const { addresses, random, signal, live } = options;
    const result = await runLoad(step.plan, {
      clock: systemClock,
      random,
      addresses,
      signal,
      onProgress: ({ totals }) => live.show(totals),
    });
    live.end();
    if (signal.aborted) break;
    const { judged, problem } = judge(result, objectives);
    const isMet = problem === undefined && judged.every((one) => one.isMet);
    steps.push({ ratePerSecond: step.ratePerSecond, isMet, problem, objectives: judged });
    process.stderr.write(
      `${step.ratePerSecond} a second: ${problem ?? judged.map(({ objective, measured, isMet: isOne }) => `${objective} ${isOne ? "met" : "MISSED"} (${measured})`).join(", ")}\n`,
    );
    if (!isMet) break;
  }
  const best = steps.findLast(({ isMet }) => isMet);
  const last = steps.at(-1);
  // Nobody knows where it ends when the generator gave up, or all steps held, or somebody interrupted.
  const end =
    last?.problem ??
    (last === undefined || options.signal.aborted ? "it was interrupted" : last.isMet ? "all steps held: go higher" : undefined);
  const capacity = best?.ratePerSecond ?? 0;
  const text =
    end === undefined ? `capacity: ${capacity} requests a second\n` : `capacity: at least ${capacity} requests a second; ${end}\n`;
  (options.json === "-" ? process.stderr : process.stdout).write(text);
  if (options.json !== undefined)
    save(options.json, `${JSON.stringify({ version: 1, capacityPerSecond: capacity, isKnown: end === undefined, steps })}\n`);
  if (last?.problem !== undefined || last === undefined || options.signal.aborted) return ExitCode.inconclusive;
  return best === undefined ? ExitCode.failed : ExitCode.ok;
}

/** `holdfast load merge`; answers the exit code. */
export function mergeFiles(
  files: readonly string[],
  flags: { readonly json?: string; readonly hdr?: string; readonly slo: readonly string[] },
): number {
  const objectives = flags.slo.map(readObjective);
  const result = mergeResults(files.map(readResult));
  return conclude(result, objectives, flags);
}

/** Whether the objectives were met, and whether the figures are to be believed. */
function judge(
  result: LoadResult,
  objectives: readonly Objective[],
): { readonly judged: readonly ObjectiveResult[]; readonly problem: string | undefined } {
  const bounds = objectives.filter(({ measure }) => measure === "percentile" || measure === "max").map(({ bound }) => bound);
  return {
    judged: objectives.map((objective) => judgeObjective(objective, result)),
    problem: latenessProblem(result, bounds.length === 0 ? 0 : Math.min(...bounds)),
  };
}

function conclude(result: LoadResult, objectives: readonly Objective[], flags: { readonly json?: string; readonly hdr?: string }): number {
  const { judged, problem } = judge(result, objectives);
  (flags.json === "-" ? process.stderr : process.stdout).write(summaryOf(result, judged));
  if (problem !== undefined) process.stderr.write(`inconclusive: ${problem}\n`);
  if (flags.json !== undefined) save(flags.json, `${JSON.stringify({ ...result, objectives: judged, problem: problem ?? null })}\n`);
  if (flags.hdr !== undefined) save(flags.hdr, hdrLog(result));
  if (problem !== undefined) return ExitCode.inconclusive;
  return judged.every(({ isMet }) => isMet) ? ExitCode.ok : ExitCode.failed;
}

/** The fields of a plan that flags stand in place of. */
function fieldsOf(flags: LoadRunFlags): JsonObject {
  const fields: Record<string, JsonObject[string]> = {};
  if (flags.url.length > 0) fields["urls"] = flags.url;
  if (flags.rate !== undefined) fields["rate"] = flags.rate;
  if (flags.duration !== undefined) fields["duration"] = flags.duration;
  if (flags.phase.length > 0) fields["phases"] = flags.phase;
  if (flags.host.length > 0) fields["hosts"] = flags.host;
  if (flags.slo.length > 0) fields["slo"] = flags.slo;
  for (const name of ["arrival", "path", "timeout", "connections", "name"] as const)
    if (flags[name] !== undefined) fields[name] = flags[name];
  return fields;
}

/** On a terminal one line that is written over; elsewhere a line now and then. */
function liveLine(): LiveLine {
  const { stderr } = process;
  const startedMs = systemClock.monoMs();
  let lines = 0;
  return {
    show(totals) {
      const elapsedS = (systemClock.monoMs() - startedMs) / 1000;
      if (stderr.isTTY) stderr.write(`\r\u001B[K${progressLine(totals, elapsedS)}`);
      else if (elapsedS >= (lines + 1) * LINE_EVERY_S) {
        lines = Math.floor(elapsedS / LINE_EVERY_S);
        stderr.write(`${progressLine(totals, elapsedS)}\n`);
      }
    },
    end: () => {
      if (stderr.isTTY) stderr.write("\r\u001B[K");
    },
  };
}

function save(file: string, text: string): void {
  if (file === "-") {
    process.stdout.write(text);
    return;
  }
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw badUsage(`${file} cannot be written: ${messageOf(error)}`);
  }
}
