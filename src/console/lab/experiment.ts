import { closeSync, openSync, readSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { ProgressLine } from "../../experiment/index.ts";
import type { ExperimentView, FaultView } from "../contract.ts";
import { ExperimentState } from "./experiment-state.ts";

/** Of a file that grows fast, so much is read with each frame. */
const MOST_BYTES = 1024 * 1024;

interface Followed {
  readonly run: string;
  readonly state: ExperimentState;
  offset: number;
  /** The beginning of a line whose end is not written yet. */
  rest: Buffer;
}

/** Follows the progress of the newest experiment that keeps its folder below the lab's. */
export class ExperimentWatch {
  readonly #folder: string;
  #followed: Followed | undefined;

  /** @param folder of the runs: `DIR/experiments` of a lab. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** `null` when none was played yet. */
  view(): ExperimentView | null {
    const newest = this.#newest();
    if (newest !== undefined && newest !== this.#followed?.run)
      this.#followed = { run: newest, state: new ExperimentState(), offset: 0, rest: Buffer.alloc(0) };
    if (this.#followed === undefined) return null;
    this.#readOn(this.#followed);
    return this.#followed.state.view();
  }

  /** Their names begin with the time of their start. */
  #newest(): string | undefined {
    try {
      return readdirSync(this.#folder)
        .filter((name) => /^\d{8}T\d{6}Z-\d+$/.test(name))
        .toSorted()
        .at(-1);
    } catch {
      return undefined;
    }
  }

  #readOn(followed: Followed): void {
    let file: number;
    try {
      file = openSync(join(this.#folder, followed.run, "progress.jsonl"), "r");
    } catch {
      // Its folder is there before its first line.
      return;
    }
    try {
      const bytes = Buffer.alloc(MOST_BYTES);
      const length = readSync(file, bytes, 0, MOST_BYTES, followed.offset);
      followed.offset += length;
      const text = Buffer.concat([followed.rest, bytes.subarray(0, length)]);
      const end = text.lastIndexOf(0x0a) + 1;
      followed.rest = Buffer.from(text.subarray(end));
      for (const line of text.subarray(0, end).toString("utf8").split("\n")) {
        const told = parsed(line);
        if (told !== undefined) followed.state.take(told);
      }
    } finally {
      closeSync(file);
    }
  }
}

/** Its faults, for the charts to shade. Those that cannot be undone end with it. */
export function experimentFaults(experiment: ExperimentView | null, seconds: (atMs: number) => number): readonly FaultView[] {
  if (experiment === null) return [];
  const { faults, endedAtMs, run } = experiment;
  return faults.flatMap(({ id, label, injectedAtMs, revertedAtMs, state }) => {
    const overMs = revertedAtMs ?? (state === "stuck" ? null : endedAtMs);
    if (injectedAtMs === null) return [];
    return [
      {
        id: `${run}/${id}`,
        kind: "break" as const,
        label,
        startedAtSeconds: seconds(injectedAtMs),
        endedAtSeconds: overMs === null ? null : seconds(overMs),
        putBackAction: null,
        putBackTarget: null,
      },
    ];
  });
}

/** What whoever was killed left half written is no line. */
function parsed(line: string): ProgressLine | undefined {
  if (line === "") return undefined;
  try {
    return JSON.parse(line) as ProgressLine;
  } catch {
    return undefined;
  }
}
