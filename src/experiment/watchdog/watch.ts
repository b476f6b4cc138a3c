import type { Readable } from "node:stream";
import { sleep } from "../../kernel/index.ts";
import { type RevertDeps, revertLedger } from "../fault/revert-ledger.ts";

export interface WatchOptions {
  readonly ledger: string;
  readonly leaseSeconds: number;
}

export interface WatchDeps extends Omit<RevertDeps, "by"> {
  /** Each byte is a sign of life of the run; its end is that of the run. */
  readonly life: Readable;
  /** Puts everything back and ends, as if the run had ended. */
  readonly ending: AbortSignal;
  say(text: string): void;
}

/**
 * Stands beside a run in a process of its own, and puts its faults back when it dies, however it dies, or when it gives no sign of life for longer
 * than its lease. Resolves when the run is over and nothing is open; the answer is whether all could be put back.
 */
export async function watch({ ledger, leaseSeconds }: WatchOptions, deps: WatchDeps): Promise<boolean> {
  const { clock, life, ending, say } = deps;
  const over = new AbortController();
  let aliveMs = clock.monoMs();
  /** Put back while the run may still have been at it: once more when it is over. */
  const early = new Set<string>();
  life.on("data", () => (aliveMs = clock.monoMs()));
  for (const name of ["end", "close", "error"]) life.on(name, () => over.abort());
  ending.addEventListener("abort", () => over.abort());
  while (!over.signal.aborted) {
    const silentMs = clock.monoMs() - aliveMs;
    if (silentMs > leaseSeconds * 1000) {
      for (const { id, label, stuck } of await revertLedger(ledger, { ...deps, by: "watchdog: its run gave no sign of life" })) {
        early.add(id);
        say(stuck === undefined ? `${label}: put back, its run gives no sign of life` : `${label}: not put back: ${stuck}`);
      }
    }
    await sleep(clock, Math.max(100, Math.min(1_000, leaseSeconds * 1000 - silentMs)), over.signal);
  }
  const reverted = await revertLedger(ledger, { ...deps, by: "watchdog: its run is over" }, early);
  for (const { label, stuck } of reverted) say(stuck === undefined ? `${label}: put back` : `${label}: not put back: ${stuck}`);
  return reverted.every(({ stuck }) => stuck === undefined);
}
