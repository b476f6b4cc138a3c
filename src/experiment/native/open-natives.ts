import { dirname, join } from "node:path";
import { type Clock, identify, seededRandom } from "../../kernel/index.ts";
import { EvidenceBook } from "../evidence/evidence-book.ts";
import { LedgerFaultKeeper } from "../fault/fault-keeper.ts";
import { Ledger } from "../fault/ledger.ts";
import { leverOf, tooSoon } from "../fault/lever.ts";
import { openTarget } from "../target/open-target.ts";
import type { TargetSpec } from "../target/target.ts";
import { Watchdog } from "../watchdog/watchdog.ts";
import type { NativeContext } from "./native-activity.ts";

export interface NativesOptions {
  readonly target: TargetSpec;
  readonly seed: number;
  /** Of the file. */
  readonly title: string;
  /** The folder of this run; it is made with the first thing that is put there. */
  readonly folder: RunFolder;
  /** The end of the run. */
  readonly ending: AbortSignal;
  readonly allowsSystem?: boolean;
  /** Faults are at least so long after the last one of another run (0). */
  readonly faultsApartSeconds?: number;
  /** What starts it; without one nobody puts things back for a process that dies, which only a test may choose. */
  readonly watchdog?: WatchdogChoice;
}

interface WatchdogChoice {
  readonly command: readonly string[];
  readonly leaseSeconds: number;
  /** Ends the run; what is said is `ended by …`. */
  readonly halt: (why: string) => void;
}

export interface RunFolder {
  /** The run's name, of its start: `20261124T015012Z-4711`. */
  readonly run: string;
  readonly path: string;
}

/** `state` is the folder of all runs. Two runs of one process within a second would share it. */
export function runFolder(state: string, clock: Clock): RunFolder {
  const start = new Date(clock.wallMs()).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const run = `${start}-${process.pid}`;
  return { run, path: join(state, run) };
}

/** What the activities of one run share. Throws AppError `EXPERIMENT_TARGET` or `KUBE_CONFIG`; touches nothing. */
export async function openNatives(
  { target: spec, seed, title, folder, ending, allowsSystem = false, faultsApartSeconds = 0, watchdog }: NativesOptions,
  { clock, environment }: Pick<NativeContext, "clock" | "environment">,
): Promise<NativeContext> {
  const random = seededRandom(seed);
  const target = await openTarget(spec, { environment, clock, random });
  const evidence = new EvidenceBook(clock);
  const state = dirname(folder.path);
  const faults = new LedgerFaultKeeper({
    undo: { target, environment, clock, random },
    evidence,
    openLedger: () => new Ledger(join(folder.path, "ledger.jsonl")),
    owner: { run: folder.run, title, owner: identify(process.pid), target: target.spec },
    refusal: () => leverOf(state) ?? tooSoon(state, folder.run, faultsApartSeconds, clock),
    async watchOver(ledger) {
      if (watchdog === undefined) return { close() {} };
      const watcher = new Watchdog({ ledger, environment, ...watchdog }, clock, watchdog.halt);
      await watcher.start();
      return watcher;
    },
    ending,
  });
  return { environment, target, faults, evidence, clock, random, allowsSystem };
}
