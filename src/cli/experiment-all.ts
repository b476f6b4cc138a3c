import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import {
  type KnownBad,
  type LabProfile,
  type RowOutcome,
  type RowVerdict,
  type Scenario,
  brokenProfile,
  examineHost,
  isCaught,
  labArguments,
  renderScorecard,
  scorecardOf,
  whatRowsLack,
} from "../experiment/index.ts";
import { messageOf } from "../kernel/index.ts";
import { ExitCode } from "./exit-codes.ts";
import { SCENARIOS, chooseScenarios, readScenarios } from "./scenario-files.ts";
import { type ScenarioLab, startScenarioLab } from "./scenario-lab.ts";
import { rowsProgress } from "./scenario-progress.ts";
import { playRow } from "./scenario-row.ts";

export interface AllFlags {
  readonly row: readonly string[];
  readonly subset?: string;
  readonly knownBad: boolean;
  readonly scenarios?: string;
  readonly journals?: string;
  readonly json?: string;
  readonly seed?: string;
}

const EXIT_CODES: Readonly<Record<RowVerdict, number>> = {
  pass: ExitCode.ok,
  fail: ExitCode.failed,
  inconclusive: ExitCode.inconclusive,
  "not-run": ExitCode.inconclusive,
};

/** `holdfast experiment run --all`: every row in a lab, and the scorecard; answers the exit code. */
export async function runAll(flags: AllFlags): Promise<number> {
  const all = await readScenarios(flags.scenarios ?? SCENARIOS);
  const chosen = chooseScenarios(all, flags);
  const ending = new AbortController();
  const end = (): void => ending.abort();
  process.on("SIGINT", end).on("SIGTERM", end);
  const scratch = mkdtempSync(join(tmpdir(), "holdfast-scenarios-"));
  const journals = resolve(flags.journals ?? join(scratch, "journals"));
  mkdirSync(journals, { recursive: true });
  const startedMs = performance.now();
  const stage = new RowStage({ scratch, journals, seed: flags.seed, signal: ending.signal });
  try {
    const outcomes = await stage.play(chosen, flags.knownBad);
    const isWhole = flags.row.length === 0 && flags.subset === undefined;
    const scorecard = scorecardOf(outcomes, (performance.now() - startedMs) / 1000, isWhole);
    const out = flags.json === "-" ? process.stderr : process.stdout;
    out.write(`\n${renderScorecard(scorecard)}\n`);
    if (flags.json !== undefined) {
      const text = `${JSON.stringify({ at: new Date().toISOString(), ...scorecard }, null, 2)}\n`;
      if (flags.json === "-") process.stdout.write(text);
      else writeFileSync(flags.json, text);
    }
    return ending.signal.aborted ? ExitCode.halted : EXIT_CODES[scorecard.verdict];
  } finally {
    await stage.end();
    process.off("SIGINT", end).off("SIGTERM", end);
    // Journals that nobody asked to keep are kept where something has to be looked into.
    if (flags.journals !== undefined || !stage.hasFindings) rmSync(scratch, { recursive: true, force: true, maxRetries: 10 });
    else process.stderr.write(`journals and logs: ${scratch}\n`);
  }
}

interface StageSettings {
  readonly scratch: string;
  readonly journals: string;
  readonly seed: string | undefined;
  readonly signal: AbortSignal;
}

/** Plays rows one after another, each in a lab as it wants it; rows that want the same one share it while it comes back to how it was. */
class RowStage {
  hasFindings = false;
  readonly #settings: StageSettings;
  readonly #progress = rowsProgress(process.stderr);
  #lab: { readonly key: string; readonly lab: ScenarioLab } | undefined;
  #labs = 0;

  constructor(settings: StageSettings) {
    this.#settings = settings;
  }

  async play(scenarios: readonly Scenario[], withKnownBad: boolean): Promise<readonly RowOutcome[]> {
    const outcomes: RowOutcome[] = [];
    const host = scenarios.some(({ needs }) => needs.length > 0) ? examineHost() : [];
    const lacking = new Map(whatRowsLack(scenarios, host).map(({ row, why }) => [row, why]));
    for (const scenario of groupedByLab(scenarios)) {
      if (this.#settings.signal.aborted) break;
      const lacks = lacking.get(scenario.row);
      if (lacks !== undefined) {
        const { row, title, file } = scenario;
        outcomes.push({ row, title, file, verdict: "not-run", reasons: lacks, seconds: 0, knownBad: null });
        continue;
      }
      const played = await this.#attempt(scenario, scenario.lab, undefined);
      const { row, title, file, knownBad } = scenario;
      let caught: RowOutcome["knownBad"] = null;
      if (withKnownBad && knownBad !== undefined && played.verdict === "pass" && !this.#settings.signal.aborted) {
        const broken = await this.#attempt(scenario, brokenProfile(scenario), knownBad);
        caught = { switch: knownBad.switch, wasCaught: isCaught(broken.exitCode), verdict: broken.verdict, seconds: broken.seconds };
        this.hasFindings ||= !caught.wasCaught;
      }
      this.hasFindings ||= played.verdict !== "pass";
      outcomes.push({ row, title, file, verdict: played.verdict, reasons: played.reasons, seconds: played.seconds, knownBad: caught });
    }
    return outcomes;
  }

  async end(): Promise<void> {
    await this.#lab?.lab.stop();
    this.#lab = undefined;
  }

  async #attempt(scenario: Scenario, profile: LabProfile, knownBad: KnownBad | undefined): Promise<Awaited<ReturnType<typeof playRow>>> {
    const { journals, seed, signal } = this.#settings;
    const line = this.#progress.start(scenario, knownBad?.switch);
    try {
      const lab = await this.#labFor(profile);
      const variant = knownBad === undefined ? "" : "-known-bad";
      const played = await playRow(scenario, knownBad?.configuration ?? {}, variant, { lab: lab.folder, journals, seed }, signal);
      line.end(knownBad === undefined ? played.verdict : isCaught(played.exitCode) ? "caught" : "not caught", played);
      await this.#settle(played.exitCode);
      return played;
    } catch (thrown) {
      const reasons = [messageOf(thrown)];
      const failed = { exitCode: null, verdict: "inconclusive", reasons, seconds: 0 } as const;
      line.end("inconclusive", failed);
      await this.end();
      return failed;
    }
  }

  async #labFor(profile: LabProfile): Promise<ScenarioLab> {
    const key = labArguments(profile).join(" ");
    if (this.#lab?.key === key) return this.#lab.lab;
    await this.end();
    this.#labs++;
    const lab = await startScenarioLab(profile, join(this.#settings.scratch, `lab-${this.#labs}`), this.#settings.signal);
    this.#lab = { key, lab };
    return lab;
  }

  /** A lab in which something could not be reverted, or that is not as it was, is nobody's any more. */
  async #settle(exitCode: number | null): Promise<void> {
    if (exitCode === null || exitCode === ExitCode.notReverted) return this.end();
    const difference = await this.#lab?.lab.settle(this.#settings.signal);
    if (difference === undefined) return;
    this.#progress.note(`a new lab, because in this one ${difference}`);
    await this.end();
  }
}

/** In the order of the table, but rows of one lab after each other. */
function groupedByLab(scenarios: readonly Scenario[]): readonly Scenario[] {
  return [...Map.groupBy(scenarios, ({ lab }) => labArguments(lab).join(" ")).values()].flat();
}
