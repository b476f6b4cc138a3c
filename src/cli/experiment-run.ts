import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import {
  HOST_NETWORK,
  type Dry,
  type HypothesisStrategy,
  Interrupter,
  type JsonObject,
  type Journal,
  type OpenedExperiment,
  type RollbackStrategy,
  ProgressFile,
  Redactor,
  type RunFolder,
  type RunOptions,
  createAliases,
  type Verdict,
  createPythonWorker,
  hostEvidence,
  judge,
  objectAt,
  openExperiment,
  openNatives,
  playExperiment,
  readDocument,
  readVariables,
  revertDeadRuns,
  runFolder,
  textAt,
  together,
} from "../experiment/index.ts";
import { makeFolder, messageOf, systemClock, systemRandom } from "../kernel/index.ts";
import { VERSION } from "./version.ts";
import { ExitCode } from "./exit-codes.ts";
import { tellReverted, watchLever } from "./experiment-faults.ts";
import { experimentProgress } from "./experiment-progress.ts";
import { writeReport } from "./experiment-report.ts";
import { badUsage, seconds, wholeNumber } from "./flag-values.ts";

export interface RunFlags {
  readonly journal?: string;
  readonly report?: string;
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
  readonly kubeconfig?: string;
  readonly lab?: string;
  readonly state?: string;
  readonly seed?: string;
  readonly lease: string;
  readonly hostNetwork: boolean;
  readonly haltAfter?: string;
  readonly faultsApart: string;
  readonly allowSystem: boolean;
}

/** This program again, also when a test or another program loaded this file. */
const WATCHDOG = [process.execPath, ...process.execArgv, join(import.meta.dirname, "main.ts"), "experiment", "watchdog"];

const EXIT_CODES = {
  held: ExitCode.ok,
  deviated: ExitCode.failed,
  inconclusive: ExitCode.inconclusive,
  "not-reverted": ExitCode.notReverted,
  halted: ExitCode.halted,
} as const;

/** `holdfast experiment run FILE`; answers the exit code. */
export async function runFile(file: string, flags: RunFlags): Promise<number> {
  for (const option of ["journal", "json", "report"] as const) checkFolder(flags[option], `--${option}`);
  const variables = readVariables(flags.var, flags.varFile);
  // No file and no environment lifts this: who runs it says so.
  const environment = { ...process.env, ...variables.environment, [HOST_NETWORK]: flags.hostNetwork ? "1" : "" };
  const python = createPythonWorker(flags.python, environment);
  const aliases = createAliases(python, { prefersPython: flags.compat });
  const rules = flags.compat ? "chaostoolkit" : "holdfast";
  const interrupter = new Interrupter();
  const stopListening = listen(interrupter);
  // The clock's timers do not keep a process alive, and a pause may be all that is going on.
  const alive = setInterval(() => {}, 2 ** 30);
  let stopWatching = (): void => {};
  try {
    const opened = await openExperiment(read(file), file, { environment, python, aliases, rules });
    if (flags.validation && !isFlawless(opened, flags.compat)) return flags.compat ? ExitCode.failed : ExitCode.badInput;
    const seed = flags.seed === undefined ? Math.floor(systemRandom.next() * 2 ** 32) : wholeNumber(flags.seed, "--seed", 0, 2 ** 32 - 1);
    const state = stateFolder(flags, environment);
    const folder = runFolder(state, systemClock);
    const title = textAt(opened.experiment, "title") ?? "";
    const target = { ...(flags.kubeconfig === undefined ? {} : { kubeconfig: flags.kubeconfig }), ...labOf(flags, environment) };
    const options = {
      target,
      seed,
      title,
      folder,
      ending: interrupter.signal,
      allowsSystem: flags.allowSystem,
      faultsApartSeconds: seconds(flags.faultsApart, "--faults-apart", 0),
      watchdog: {
        command: WATCHDOG,
        leaseSeconds: seconds(flags.lease, "--lease", 1),
        halt: (by: string) => interrupter.interrupt({ by, withoutRollbacks: false }),
      },
    };
    const natives = flags.compat ? undefined : await openNatives(options, { clock: systemClock, environment });
    if (natives !== undefined && (await isStuckFromBefore(state, environment))) return ExitCode.notReverted;
    if (natives !== undefined) stopWatching = watchLever(state, interrupter);
    const redactor = new Redactor();
    const progress = new ProgressFile({ file: join(folder.path, "progress.jsonl"), clock: systemClock, redactor, onProblem: warn });
    if (natives !== undefined) {
      progress.begin(opened.experiment, { run: folder.run, target: natives.target.name, pid: process.pid, seed });
      progress.follow(natives.evidence);
    }
    const terminal = experimentProgress(process.stderr, systemClock);
    const played = await playExperiment(opened.experiment, variables, optionsFor(opened.experiment, flags), {
      clock: systemClock,
      environment,
      python,
      aliases,
      natives,
      interrupter,
      observer: natives === undefined ? terminal : together(terminal, progress.observer),
      redactor,
      controls: flags.controlFile.flatMap(readControls),
    });
    // Chaos Toolkit leaves secrets in.
    const journal = natives === undefined ? played : redactor.json(played);
    const verdict = judge(journal, interrupter.interruption?.by, natives?.evidence.faults);
    if (natives !== undefined) {
      const { target: aimedAt, evidence } = natives;
      const { faults, load, events } = evidence;
      const own = {
        run: folder.run,
        seed,
        command: process.argv.slice(2),
        target: aimedAt.name,
        host: hostEvidence(VERSION),
        faults,
        load,
        events,
      };
      journal.holdfast = redactor.json({ ...verdict, ...own });
      progress.tell({ is: "verdict", verdict });
      for (const { kind, text } of events) if (kind === "dry run") process.stdout.write(`dry run: ${text}\n`);
      keepJournal(journal, folder.path);
      await aimedAt.close();
    }
    return conclude(journal, verdict, flags, natives === undefined ? undefined : folder);
  } finally {
    clearInterval(alive);
    stopWatching();
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
  const aliases = createAliases(python, { prefersPython: flags.compat });
  try {
    let areValid = true;
    for (const file of files) {
      const opened = await openExperiment(read(file), file, {
        environment: process.env,
        python,
        aliases,
        rules: flags.compat ? "chaostoolkit" : "holdfast",
      });
      const isValid = isFlawless(opened, flags.compat);
      if (isValid) process.stdout.write(`${file}: valid\n`);
      areValid &&= isValid;
    }
    return areValid;
  } finally {
    python.close();
  }
}

function labOf(flags: Pick<RunFlags, "lab">, environment: NodeJS.ProcessEnv): { readonly lab?: string } {
  const lab = flags.lab ?? environment["HOLDFAST_LAB"];
  return lab === undefined || lab === "" ? {} : { lab };
}

/** What a run left that was killed with its watchdog is put back before anything new is broken. */
async function isStuckFromBefore(state: string, environment: NodeJS.ProcessEnv): Promise<boolean> {
  const deps = { environment, clock: systemClock, random: systemRandom, by: "the next run" };
  return tellReverted(await revertDeadRuns(state, deps), process.stderr);
}

/** Where runs keep what must outlive them. */
export function stateFolder(flags: Pick<RunFlags, "lab" | "state">, environment: NodeJS.ProcessEnv): string {
  const { lab } = labOf(flags, environment);
  if (flags.state !== undefined) return resolve(flags.state);
  if (lab !== undefined) return resolve(lab, "experiments");
  return join(environment["XDG_STATE_HOME"] ?? join(homedir(), ".local/state"), "holdfast/experiments");
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
    ...(flags.haltAfter === undefined ? {} : { haltAfterS: seconds(flags.haltAfter, "--halt-after", 0) }),
  };
}

/** Beside its ledger and its progress; without it the next run has nothing to be compared with, and that is all. */
function keepJournal(journal: Journal, folder: string): void {
  try {
    makeFolder(folder);
    writeFileSync(join(folder, "journal.json"), `${JSON.stringify(journal)}\n`, { mode: 0o600 });
  } catch (error) {
    warn(`the journal is not kept in ${folder}: ${messageOf(error)}`);
  }
}

/** What came of a run must not be lost because of a folder that was mistyped. */
function checkFolder(file: string | undefined, option: string): void {
  if (file !== undefined && file !== "-" && !existsSync(dirname(file)))
    throw badUsage(`${option} ${file}: there is no folder ${dirname(file)}`);
}

function warn(problem: string): void {
  process.stderr.write(`holdfast: ${problem}\n`);
}

function conclude(journal: Journal, verdict: Verdict, flags: RunFlags, folder: RunFolder | undefined): number {
  const journalFile = flags.journal ?? (flags.compat ? "journal.json" : undefined);
  if (journalFile !== undefined) writeFileSync(journalFile, `${JSON.stringify(journal, null, 2)}\n`);
  if (flags.report !== undefined) writeReport(journal, journalFile, flags.report, folder);
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
