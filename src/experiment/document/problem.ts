/** The exceptions of chaostoolkit-lib that its validation raises. */
export type ProblemKind = "InvalidExperiment" | "InvalidActivity" | "InvalidControl";

/** What is wrong in an experiment's file. */
export interface DocumentProblem {
  readonly kind: ProblemKind;
  /** The field names and positions that lead to the place, from the root. */
  readonly path: readonly (string | number)[];
  /** As Chaos Toolkit says it, where it says something. */
  readonly message: string;
  /** How to mend it; part of our line only. */
  readonly mend?: string;
  /** Chaos Toolkit takes it without a word; we do not. */
  readonly isStrict?: true;
}
