import type { FaultRule } from "../../../src/lab/aws/faults/fault.ts";
import type { CallRecord } from "../../../src/lab/aws/front/aws-front.ts";
import type { Bench, Snapshot } from "../kit/bench.ts";
import { snapshotOf, startBench } from "../kit/bench.ts";
import { startController } from "../kit/controller.ts";
import { type Scenario, play } from "./scenarios.ts";

/** No cell is about the lease, and its renewals every two seconds were most of what hours of a controller cost. */
const LEASE_SECONDS = 900;

/** A run without faults: what each other run must come to, and the calls that faults can meet. */
export interface Reference {
  readonly scenario: Scenario;
  readonly from: Snapshot | undefined;
  readonly settled: readonly string[];
  readonly end: Snapshot;
  readonly calls: readonly CallRecord[];
}

/** One fault at one place. */
export interface Cell {
  readonly scenario: string;
  readonly action: string;
  readonly fault: string;
  readonly rule: FaultRule;
  /** The fault goes on from its first call until it is over; else it meets one call. */
  readonly lastsMs?: number;
}

export interface CellResult {
  readonly cell: Cell;
  /** How many calls met the fault: of none there is no proof. */
  readonly met: number;
  /** What was lost, or is not as without the fault at the end. */
  readonly violations: readonly string[];
}

/** Runs a scenario without faults. Rejects when even so something is lost, or the end is not reached: then there is nothing to compare with. */
export async function runReference(scenario: Scenario, from: Snapshot | undefined, seed = 1): Promise<Reference> {
  const bench = await startBench({ seed, ...(from === undefined ? {} : { from }) });
  const controller = await startController(bench, { leaseSeconds: LEASE_SECONDS });
  try {
    const late = await play(bench, scenario);
    const problems = [...late, ...bench.losses(), ...bench.leftovers()];
    if (problems.length > 0) throw new Error(`without any fault, "${scenario.name}" has: ${problems.join("; ")}`);
    return { scenario, from, settled: bench.settled(), end: await snapshotOf(bench), calls: [...bench.account.calls] };
  } finally {
    await controller.stop();
    await bench.close();
  }
}

/** Runs it again with a fault; then the fault is over, and the end must be the one without. */
export async function runCell(
  cell: Cell,
  { scenario, from, settled }: Pick<Reference, "scenario" | "from" | "settled">,
  seed = 1,
): Promise<CellResult> {
  const bench = await startBench({ seed, ...(from === undefined ? {} : { from }) });
  bench.account.faults.add(cell.rule);
  let lasting = 0;
  const ends = cell.lastsMs === undefined ? undefined : endOfFault(bench, cell.lastsMs, (met) => (lasting = met));
  const controller = await startController(bench, { leaseSeconds: LEASE_SECONDS });
  try {
    await play(bench, scenario);
    const met = bench.account.faults.witness()[0]?.met ?? lasting;
    ends?.cancel();
    bench.account.faults.clear();
    return { cell, met, violations: [...(await notAs(bench, settled, scenario.patienceMs)), ...bench.losses()] };
  } finally {
    await controller.stop();
    await bench.close();
  }
}

/** What differs at the end from the end without faults; waits until nothing does. */
export async function notAs(bench: Bench, settled: readonly string[], patienceMs: number): Promise<readonly string[]> {
  const differences = (): readonly string[] => {
    const is = bench.settled();
    return [
      ...bench.leftovers(),
      ...settled.filter((line) => !is.includes(line)).map((line) => `missing: ${line}`),
      ...is.filter((line) => !settled.includes(line)).map((line) => `too much: ${line}`),
    ];
  };
  try {
    await bench.clock.until("the faultless end", () => differences().length === 0, patienceMs);
    return [];
  } catch {
    return differences();
  }
}

/** Takes the fault away so long after it met the first call. */
function endOfFault({ clock, account }: Bench, lastsMs: number, over: (met: number) => void): { cancel(): void } {
  let timer = clock.timer(0, look);
  let sinceMs: number | undefined;
  function look(): void {
    const [seen] = account.faults.witness();
    if (seen === undefined) return;
    if (sinceMs === undefined && seen.met > 0) sinceMs = clock.monoMs();
    if (sinceMs !== undefined && clock.monoMs() - sinceMs >= lastsMs) {
      over(seen.met);
      account.faults.remove(seen.rule.id);
    } else timer = clock.timer(10_000, look);
  }
  return { cancel: () => timer.cancel() };
}
