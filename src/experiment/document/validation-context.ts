import type { DocumentProblem } from "./problem.ts";
import type { JsonObject } from "./json.ts";

/** What a file is checked against: the machine that it is to run on. */
export interface ValidationContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What is wrong with the call of a Python function, as Chaos Toolkit says it; undefined when nothing is, or nobody asked. */
  readonly pythonProblem: (activity: JsonObject) => PythonProblem | undefined;
  /** What is wrong with an activity of our own; undefined where there are none (`--compat`). Paths are within the activity. */
  readonly nativeProblems: ((activity: JsonObject) => readonly Pick<DocumentProblem, "path" | "message" | "mend">[]) | undefined;
}

export interface PythonProblem {
  readonly message: string;
  /** The argument that is wrong, where it is one that was given. */
  readonly argument?: string;
}

export type Path = readonly (string | number)[];
export type Report = (problem: DocumentProblem) => void;
