import { writeFileSync } from "node:fs";
import { type Interrupter, type LedgerRun, leverOf, type RevertedFault, revertLedger, runsIn } from "../experiment/index.ts";
import { signalProcess, sleep, systemClock, systemRandom } from "../kernel/index.ts";
import { ExitCode } from "./exit-codes.ts";

/** How long a run that was told to end is waited for before its faults are put back over its head. */
const PATIENCE_MS = 60_000;

/** `holdfast experiment faults`: what is open now. */
export function listFaults(state: string, json: string | undefined): number {
  const runs = runsIn(state).filter(({ open }) => open.length > 0);
  const faults = runs.flatMap(({ owner, isAlive, open }) =>
    open.map(({ id, kind, label, victims, step, intendedAt }) => ({
      run: owner.run,
      title: owner.title,
      isAlive,
      id,
      kind,
      label,
      victims,
      step,
      since: intendedAt,
    })),
  );
  if (json !== undefined) {
    const text = `${JSON.stringify({ state, faults }, null, 2)}\n`;
    if (json === "-") process.stdout.write(text);
    else writeFileSync(json, text);
    return ExitCode.ok;
  }
  for (const { run, title, isAlive, label, step, since } of faults)
    process.stdout.write(`${since}  ${label} (${step})  run ${run} ${isAlive ? "plays" : "is gone"}: ${title}\n`);
  if (faults.length === 0) process.stdout.write(`no fault is open in ${state}\n`);
  return ExitCode.ok;
}

/** `holdfast experiment revert`: ends the runs that are under way, which put back their own, and puts back what is left. */
export async function revertFaults(state: string): Promise<number> {
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    const playing = runsIn(state).filter(({ isAlive }) => isAlive);
    for (const { owner } of playing) {
      process.stdout.write(`run ${owner.run} (${owner.title}) is told to end\n`);
      // One that stands still cannot hear it.
      signalProcess(owner.owner.pid, "SIGCONT");
      signalProcess(owner.owner.pid, "SIGTERM");
    }
    const endMs = systemClock.monoMs() + PATIENCE_MS;
    while (openOf(state, playing) && systemClock.monoMs() < endMs) await sleep(systemClock, 200);
    const reverted: RevertedFault[] = [];
    const deps = { environment: process.env, clock: systemClock, random: systemRandom, by: "holdfast experiment revert" };
    for (const { file, open } of runsIn(state)) if (open.length > 0) reverted.push(...(await revertLedger(file, deps)));
    const stuck = tellReverted(reverted, process.stdout);
    if (reverted.length === 0) process.stdout.write(`nothing is open in ${state}\n`);
    return stuck ? ExitCode.notReverted : ExitCode.ok;
  } finally {
    clearInterval(alive);
  }
}

/** Ends the run when somebody pulls the lever of its state folder; answers what ends the looking. */
export function watchLever(state: string, interrupter: Interrupter): () => void {
  const timer = setInterval(() => {
    const why = leverOf(state);
    if (why !== undefined) interrupter.interrupt({ by: `the lever: ${why}`, withoutRollbacks: false });
  }, 500);
  return () => clearInterval(timer);
}

/** Whether something stays. */
export function tellReverted(reverted: readonly RevertedFault[], stream: NodeJS.WritableStream): boolean {
  for (const { run, label, stuck } of reverted)
    stream.write(stuck === undefined ? `${label}: put back (run ${run})\n` : `${label}: NOT put back (run ${run}): ${stuck}\n`);
  return reverted.some(({ stuck }) => stuck !== undefined);
}

function openOf(state: string, playing: readonly LedgerRun[]): boolean {
  const files = new Set(playing.map(({ file }) => file));
  return runsIn(state).some(({ file, isAlive, open }) => files.has(file) && isAlive && open.length > 0);
}
