import { appendFileSync } from "node:fs";
import { dirname } from "node:path";
import { type Clock, makeFolder, messageOf } from "../../kernel/index.ts";
import { type JsonObject, objectAt, textAt, written } from "../document/json.ts";
import type { RunObserver } from "../run/run-context.ts";
import type { EvidenceBook } from "./evidence-book.ts";
import type { ProgressLine } from "./progress.ts";
import type { Redactor } from "./redactor.ts";

/** Whoever looks ten times a second for two days is beyond it; the verdict is told all the same. */
const LIMIT_BYTES = 64 * 1024 * 1024;
const ANSWER_LETTERS = 300;

type Told = ProgressLine extends infer Line ? (Line extends ProgressLine ? Omit<Line, "at"> : never) : never;

export interface ProgressFileOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly redactor: Redactor;
  /** It cannot be written: told once, and the run goes on. */
  readonly onProblem: (problem: string) => void;
}

/** Writes progress.jsonl, for whoever looks on: the console, or a person with `tail -f`. */
export class ProgressFile {
  readonly #options: ProgressFileOptions;
  readonly #toldSeconds = new Map<string, number>();
  #bytes = 0;
  #isLost = false;
  constructor(options: ProgressFileOptions) {
    this.#options = options;
  }

  /** The first line. */
  begin(experiment: JsonObject, own: { readonly run: string; readonly target: string; readonly pid: number; readonly seed: number }): void {
    const hypothesis = textAt(objectAt(experiment, "steady-state-hypothesis"), "title") ?? null;
    this.tell({ is: "run", title: textAt(experiment, "title") ?? "", hypothesis, ...own });
  }

  tell(line: Told): void {
    const { file, clock, redactor, onProblem } = this.#options;
    if (this.#isLost || (this.#bytes > LIMIT_BYTES && line.is !== "verdict")) return;
    const text = `${JSON.stringify({ at: new Date(clock.wallMs()).toISOString(), ...redactor.json(line) })}\n`;
    try {
      if (this.#bytes === 0) makeFolder(dirname(file));
      appendFileSync(file, text, { mode: 0o600 });
      this.#bytes += text.length;
    } catch (error) {
      this.#isLost = true;
      onProblem(`${file} cannot be written, so nobody can look on: ${messageOf(error)}`);
    }
  }

  /** What the run itself tells. */
  get observer(): RunObserver {
    return {
      phase: (phase) => this.tell({ is: "phase", phase }),
      activityStarts: (activity) => {
        if (!isToBeJudged(activity)) this.tell({ is: "activity", ...named(activity), state: "begun", problem: null });
      },
      activityEnds: ({ activity, status, exception }) => {
        if (isToBeJudged(activity)) return;
        const isFailed = status === "failed";
        this.tell({
          is: "activity",
          ...named(activity),
          state: isFailed ? "failed" : "done",
          problem: isFailed ? shortened(exception?.at(-1) ?? "") : null,
        });
      },
      judged: ({ activity, tolerance_met: isMet }) => {
        const problem =
          isMet === false ? "out of its tolerance" : isMet === undefined ? "its tolerance cannot be applied to its answer" : null;
        this.tell({ is: "activity", ...named(activity), state: problem === null ? "done" : "failed", problem });
      },
      looked: ({ steady_state_met: isMet, probes }, when) => {
        const last = isMet === true ? undefined : probes.at(-1);
        const answered = last === undefined ? null : shortened(last.exception?.at(-1) ?? written(last.output));
        this.tell({ is: "look", when, isMet, probe: last === undefined ? null : (textAt(last.activity, "name") ?? ""), answered });
      },
    };
  }

  /** Tells of faults, load and events from now on. */
  follow(book: EvidenceBook): void {
    book.follow({
      fault: (fault) => this.tell({ is: "fault", fault }),
      event: (event) => this.tell({ is: "event", event }),
      load: ({ name, group, seconds, totals }) => {
        const told = this.#toldSeconds.get(name) ?? 0;
        this.#toldSeconds.set(name, seconds.length);
        if (seconds.length > told) this.tell({ is: "load", name, group, seconds: seconds.slice(told), totals });
      },
    });
  }
}

/** What has a tolerance is told of when it is judged: by its look, or by itself. */
function isToBeJudged(activity: JsonObject): boolean {
  return activity["tolerance"] !== undefined;
}

function named(activity: JsonObject): { readonly type: string; readonly name: string } {
  return { type: textAt(activity, "type") ?? "activity", name: textAt(activity, "name") ?? "" };
}

function shortened(text: string): string {
  return text.length > ANSWER_LETTERS ? `${text.slice(0, ANSWER_LETTERS)}…` : text.trim();
}
