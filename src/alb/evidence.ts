/**
 * What was read, and what it is worth. `fresh`: read whole and not long ago. `stale`: it was so at `atMs` (wall clock), and cannot be read now. `doubtful`: it was
 * read, but says that so much is gone that it needs more proof; `value` is what was known before. `unknown`: never read. What adds may use
 * all but `unknown`; what takes away may use `fresh` alone.
 */
export type Evidence<T> =
  | { readonly state: "fresh"; readonly value: T; readonly atMs: number }
  | { readonly state: "stale" | "doubtful"; readonly value: T; readonly atMs: number; readonly why: string }
  | { readonly state: "unknown"; readonly why: string };

/** The value of evidence of any worth; undefined when nothing was ever read. */
export function valueOf<T>(evidence: Evidence<T>): T | undefined {
  return evidence.state === "unknown" ? undefined : evidence.value;
}
