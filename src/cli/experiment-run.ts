import { readFileSync, writeFileSync } from "node:fs";
import {
  type Dry,
  type HypothesisStrategy,
  Interrupter,
  type JsonObject,
  type Journal,
  type OpenedExperiment,
  type RollbackStrategy,
  type RunOptions,
  createPythonWorker,
  judge,
  objectAt,
  openExperiment,
  playExperiment,
  readDocument,
  readVariables,
  textAt,
} from "../experiment/index.ts";
import { messageOf, systemClock } from "../kernel/index.ts";
import { ExitCode } from "./exit-codes.ts";
import { experimentProgress } from "./experiment-progress.ts";
import { badUsage, seconds } from "./flag-values.ts";

export interface RunFlags {
  readonly journal?: string;
  readonly json?: string;
  readonly compat: boolean;
  readonly dry?: Dry;
  readonly validation: boolean;
  readonly rollbackStrategy?: RollbackStrategy;
  readonly hypothesisStrategy?: HypothesisStrategy | "continously";
  readonly hypothesisFrequency: string;
  readonly failFast: boolean;
  readonly var: readonly string[];
  readonly varFile: readonly string[];
  readonly controlFile: readonly string[];
  readonly python: string;
}

const EXIT_CODES = {
  held: ExitCode.ok,
  deviated: ExitCode.failed,
  inconclusive: ExitCode.inconclusive,
  "not-reverted": ExitCode.notReverted,
  halted: ExitCode.halted,
} as const;

/** `holdfast experiment run FILE`; answers the exit code. */
export async function runFile(file: string, flags: RunFlags): Promise<number> {
  const variables = readVariables(flags.var, flags.varFile);
  const environment = { ...process.env, ...variables.environment };
  const python = createPythonWorker(flags.python, environment);
  const interrupter = new Interrupter();
  const stopListening = listen(interrupter);
  // The clock's timers do not keep a process alive, and a pause may be all that is going on.
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    const opened = await openExperiment(read(file), file, { environment, python });
    if (flags.validation && !isFlawless(opened, flags.compat)) return flags.compat ? ExitCode.failed : ExitCode.badInput;
    const journal = await playExperiment(opened.experiment, variables, optionsFor(opened.experiment, flags), {
      clock: systemClock,
      environment,
      python,
      interrupter,
      observer: experimentProgress(process.stderr, systemClock),
      controls: flags.controlFile.flatMap(readControls),
    });
    return conclude(journal, interrupter, flags);
  } finally {
    clearInterval(alive);
    stopListening();
    python.close();
  }
}

/** `holdfast experiment validate FILE…`; whether all are valid. */
export async function validateFiles(
  files: readonly string[],
  flags: { readonly compat: boolean; readonly python: string },
): Promise<boolean> {
  const python = createPythonWorker(flags.python, process.env);
  try {
    let areValid = true;
    for (const file of files) {
      const isValid = isFlawless(await openExperiment(read(file), file, { environment: process.env, python }), flags.compat);
      if (isValid) process.stdout.write(`${file}: valid\n`);
      areValid &&= isValid;
    }
    return areValid;
  } finally {
    python.close();
  }
}

/** Chaos Toolkit tells the first problem only, and takes some without a word. */
function isFlawless({ problems, lineOf }: OpenedExperiment, isCompat: boolean): boolean {
  const told = isCompat ? problems.filter(({ isStrict }) => isStrict !== true).slice(0, 1) : problems;
  for (const problem of told) process.stderr.write(`${isCompat ? `${problem.kind}: ${problem.message}` : lineOf(problem)}\n`);
  return told.length === 0;
}

/** The command line comes before the experiment's own `runtime`. */
function optionsFor(experiment: JsonObject, flags: RunFlags): RunOptions {
  const runtime = objectAt(experiment, "runtime");
  const declared = (of: string): string | undefined => textAt(objectAt(runtime, of), "strategy");
  // Ours looks all the time unless told otherwise: what recovered before the end was an outage all the same.
  const usual = flags.compat ? "default" : "continuously";
  const strategy = flags.hypothesisStrategy ?? declared("hypothesis") ?? usual;
  return {
    rules: flags.compat ? "chaostoolkit" : "holdfast",
    hypothesisStrategy: strategy === "continously" ? "continuously" : (strategy as HypothesisStrategy),
    rollbackStrategy: flags.rollbackStrategy ?? ((declared("rollbacks") ?? "default") as RollbackStrategy),
    hypothesisFrequencyS: seconds(flags.hypothesisFrequency, "--hypothesis-frequency", 0.01),
    failFast: flags.failFast,
    dry: flags.dry,
  };
}

function conclude(journal: Journal, interrupter: Interrupter, flags: RunFlags): number {
  const journalFile = flags.journal ?? (flags.compat ? "journal.json" : undefined);
  if (journalFile !== undefined) writeFileSync(journalFile, `${JSON.stringify(journal, null, 2)}\n`);
  const verdict = judge(journal, interrupter.interruption?.by);
  if (flags.json !== undefined) {
    const text = `${JSON.stringify({ title: journal.experiment["title"], ...verdict, status: journal.status, deviated: journal.deviated }, null, 2)}\n`;
    if (flags.json === "-") process.stdout.write(text);
    else writeFileSync(flags.json, text);
  }
  if (flags.compat) {
    process.stderr.write(`Experiment ended with status: ${journal.deviated ? "deviated" : String(journal.status)}\n`);
    return journal.status !== "completed" || journal.deviated ? ExitCode.failed : ExitCode.ok;
  }
  process.stderr.write(`${verdict.verdict}: ${verdict.reasons.join("; ")}\n`);
  if (verdict.outageSeconds > 0) process.stderr.write(`the steady state was missed for ${verdict.outageSeconds.toFixed(1)} s\n`);
  return EXIT_CODES[verdict.verdict];
}

/** SIGUSR1 ends a run as SIGTERM does; SIGUSR2 without its rollbacks, as in Chaos Toolkit. */
function listen(interrupter: Interrupter): () => void {
  const listeners = (["SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2"] as const).map((name) => {
    const heard = (): void => interrupter.interrupt({ by: name, withoutRollbacks: name === "SIGUSR2" });
    process.on(name, heard);
    return () => process.off(name, heard);
  });
  return () => {
    for (const stop of listeners) stop();
  };
}

function readControls(file: string): readonly JsonObject[] {
  const { value } = readDocument(read(file), file);
  return Object.keys(value).map((name) => ({ ...objectAt(value, name), name }));
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw badUsage(`${file} cannot be read: ${messageOf(error)}`);
  }
}
