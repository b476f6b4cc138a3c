import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { AppError, isRecord } from "../kernel/index.ts";
import { type LabProfile, labArguments } from "../experiment/index.ts";
import { type Baseline, baselineOf, differenceOf } from "./scenario-baseline.ts";
import { startProgram } from "./child-program.ts";

const READY = "the lab runs";
const START_MS = 120_000;
const STOP_MS = 30_000;
/** How long a lab may take after a row until it is as it was before. */
const SETTLE_MS = 40_000;

/** A lab that rows are played in, in a process of its own. */
export interface ScenarioLab {
  readonly folder: string;
  /** Waits until all is as it was when the lab was new; answers what is not, when it does not come to that. */
  settle(signal: AbortSignal): Promise<string | undefined>;
  stop(): Promise<void>;
}

/** Starts one and resolves when it serves. @throws AppError LAB_NOT_READY */
export async function startScenarioLab(profile: LabProfile, folder: string, signal: AbortSignal): Promise<ScenarioLab> {
  mkdirSync(folder, { recursive: true });
  const log = join(folder, "lab.log");
  const state = join(folder, "state");
  const program = startProgram(["lab", ...labArguments(profile), "--port", "0", "--state", state], { output: log, isPiped: true });
  const stop = (): Promise<void> => program.stop(STOP_MS);
  const isServing = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), START_MS);
    const lines = createInterface({ input: program.process.stdout ?? process.stdin });
    lines.on("line", (line) => {
      if (line.includes(READY)) resolve(true);
    });
    void program.ended.then(() => resolve(false));
    signal.addEventListener("abort", () => resolve(false), { once: true });
    void program.ended.finally(() => clearTimeout(timer));
  });
  if (!isServing) {
    await stop();
    throw new AppError("LAB_NOT_READY", `the lab did not start: ${lastLine(log)} (${log})`);
  }
  const first = await stableBaseline(state, signal).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    folder: state,
    stop,
    async settle(ending) {
      let difference: string | undefined;
      const deadline = performance.now() + SETTLE_MS;
      while (performance.now() < deadline && !ending.aborted && program.process.exitCode === null) {
        const now = await look(state);
        difference = now === undefined ? "its console does not answer" : differenceOf(first, now);
        if (difference === undefined) return undefined;
        await pause(250, ending);
      }
      return difference ?? "it has ended";
    },
  };
}

/** What is still on its way when the lab first serves is no baseline: two looks a second apart have to agree. */
async function stableBaseline(state: string, signal: AbortSignal): Promise<Baseline> {
  const deadline = performance.now() + SETTLE_MS;
  let before: Baseline | undefined;
  while (performance.now() < deadline && !signal.aborted) {
    const now = await look(state);
    if (now !== undefined && before !== undefined && now.isWell && differenceOf(before, now) === undefined) return now;
    before = now;
    await pause(1000, signal);
  }
  throw new AppError(
    "LAB_NOT_READY",
    `the lab in ${state} does not come to rest: ${before?.lines.find((line) => line.startsWith("!")) ?? "its console does not answer"}`,
  );
}

async function look(state: string): Promise<Baseline | undefined> {
  try {
    const lab: unknown = JSON.parse(readFileSync(join(state, "lab.json"), "utf8"));
    if (!isRecord(lab) || typeof lab["url"] !== "string") return undefined;
    const answer = await fetch(new URL("api/snapshot", lab["url"]), { signal: AbortSignal.timeout(5000) });
    return answer.ok ? baselineOf(await answer.json()) : undefined;
  } catch {
    return undefined;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}

function lastLine(file: string): string {
  return readFileSync(file, "utf8").trimEnd().split("\n").at(-1) ?? "it said nothing";
}
