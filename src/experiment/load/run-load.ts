import type { Clock, Random } from "../../kernel/index.ts";
import { LoadGenerator } from "./generator.ts";
import type { LoadPlan } from "./plan/load-plan.ts";
import type { LoadRecord } from "./record/load-record.ts";
import type { Latencies, LoadResult, LoadTotals, SecondResult } from "./record/load-result.ts";

/** Where a load stands. */
export interface LoadProgress {
  /** What is known for good of single seconds; each once. */
  readonly settled: readonly SecondResult[];
  /** Of the last seconds, what is known up to now. */
  unsettled(): readonly SecondResult[];
  readonly totals: LoadTotals;
  latencies(): Latencies;
}

export interface RunLoadDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly addresses: readonly string[];
  /** Ends the sending early; what is under way is waited for. */
  readonly signal: AbortSignal;
  /** Gives up what is still under way. */
  readonly abandon?: AbortSignal;
  /** About once a second, and at the end. */
  readonly onProgress: (progress: LoadProgress) => void;
}

const PROGRESS_MS = 1000;

/** Sends a plan's load and tells what came of it. */
export async function runLoad(plan: LoadPlan, { clock, random, addresses, signal, abandon, onProgress }: RunLoadDeps): Promise<LoadResult> {
  const generator = new LoadGenerator(plan, { clock, random, addresses });
  const seconds: SecondResult[] = [];
  const startedMs = clock.monoMs();
  const startedAt = new Date(clock.wallMs()).toISOString();
  const report = (record: LoadRecord): void => {
    const settled = generator.takeSettled();
    seconds.push(...settled);
    onProgress({ settled, unsettled: () => record.unsettled(), totals: record.totals(), latencies: () => record.latencies() });
  };
  // Holds the process: the clock's timers do not.
  const progress = setInterval(() => {
    if (generator.record !== undefined) report(generator.record);
  }, PROGRESS_MS);
  const stop = (): void => generator.stop();
  const giveUp = (): void => generator.abandon();
  signal.addEventListener("abort", stop, { once: true });
  abandon?.addEventListener("abort", giveUp, { once: true });
  try {
    const ended = generator.run();
    if (signal.aborted) stop();
    const record = await ended;
    report(record);
    return {
      version: 1,
      name: plan.name,
      targets: plan.targets.map(({ origin }) => origin),
      startedAt,
      durationS: Math.round(clock.monoMs() - startedMs) / 1000,
      totals: record.totals(),
      ...record.latencies(),
      seconds,
    };
  } finally {
    clearInterval(progress);
    signal.removeEventListener("abort", stop);
    abandon?.removeEventListener("abort", giveUp);
  }
}
