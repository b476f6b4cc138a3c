import type { ProgressLine } from "../../experiment/index.ts";
import {
  EXPERIMENT_FAULTS_LIMIT,
  type ExperimentFaultView,
  type ExperimentLoadView,
  type ExperimentLookView,
  type ExperimentView,
  LOOKS_LIMIT,
} from "../contract.ts";

type Line<Is extends ProgressLine["is"]> = Extract<ProgressLine, { is: Is }>;

/** What the lines of a run's progress come to. */
export class ExperimentState {
  readonly #doing: string[] = [];
  readonly #faults = new Map<string, ExperimentFaultView>();
  readonly #looks: ExperimentLookView[] = [];
  readonly #load = new Map<string, ExperimentLoadView>();
  #run: Line<"run"> | undefined;
  #stage: ExperimentView["stage"] = "before";
  #endedAtMs: number | null = null;
  #verdict: ExperimentView["verdict"] = null;
  #looksTotal = 0;
  #looksMissed = 0;

  take(line: ProgressLine): void {
    switch (line.is) {
      case "run":
        this.#run = line;
        return;
      case "phase":
        this.#stage = line.phase;
        return;
      case "activity":
        if (line.state === "begun") this.#doing.push(line.name);
        else if (this.#doing.includes(line.name)) this.#doing.splice(this.#doing.indexOf(line.name), 1);
        return;
      case "look":
        this.#takeLook(line);
        return;
      case "fault":
        this.#faults.set(line.fault.id, faultView(line));
        return;
      case "load":
        this.#takeLoad(line);
        return;
      case "event":
        return;
      case "verdict":
        this.#stage = "over";
        this.#endedAtMs = Date.parse(line.at);
        this.#verdict = { outcome: line.verdict.verdict, reason: line.verdict.reasons.join("; ") };
    }
  }

  /** `null` until the first line is there. */
  view(): ExperimentView | null {
    if (this.#run === undefined) return null;
    const { run, title, hypothesis, at, pid } = this.#run;
    const isLost = this.#verdict === null && !isThere(pid);
    return {
      run,
      title,
      hypothesis,
      startedAtMs: Date.parse(at),
      endedAtMs: this.#endedAtMs,
      stage: isLost ? "lost" : this.#stage,
      doing: isLost ? [] : this.#doing.slice(-3),
      faults: [...this.#faults.values()].slice(-EXPERIMENT_FAULTS_LIMIT),
      looks: this.#looks,
      looksTotal: this.#looksTotal,
      looksMissed: this.#looksMissed,
      load: [...this.#load.values()],
      verdict: this.#verdict,
    };
  }

  #takeLook({ at, isMet, probe, answered }: Line<"look">): void {
    this.#looksTotal++;
    if (isMet === false) this.#looksMissed++;
    this.#looks.push({ atMs: Date.parse(at), isMet, why: isMet === true ? null : `${probe ?? ""}: ${answered ?? ""}` });
    if (this.#looks.length > LOOKS_LIMIT) this.#looks.shift();
  }

  #takeLoad({ name, group, seconds, totals: { sent, ok } }: Line<"load">): void {
    this.#load.set(name, {
      name,
      group,
      sent,
      failed: sent - ok,
      p99Ms: seconds.findLast((second) => second.ok > 0)?.p99Ms ?? this.#load.get(name)?.p99Ms ?? null,
    });
  }
}

function faultView({ fault }: Line<"fault">): ExperimentFaultView {
  const { id, label, victims, witness, injectedAt, witnessedAt, injectedEvidence, revertedAt, revertedEvidence, byHand } = fault;
  const wasSeen = witnessedAt !== null;
  const state =
    byHand !== null ? "stuck" : revertedAt !== null ? "gone" : wasSeen ? "seen" : injectedEvidence === null ? "doing" : "unseen";
  return {
    id,
    label,
    state,
    victims: victims.length,
    witness,
    evidence: byHand ?? (revertedAt === null ? injectedEvidence : revertedEvidence),
    injectedAtMs: injectedAt === null ? null : Date.parse(injectedAt),
    revertedAtMs: revertedAt === null ? null : Date.parse(revertedAt),
  };
}

/** Whether a process of this id is there; another that took the id later is taken for it, until the next run. */
function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
