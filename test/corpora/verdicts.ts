import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What the proxy made of one case. */
export interface Verdict {
  /** What the corpus says: its tier, or what llhttp read. */
  readonly theirs: string;
  /** Whether ours is the same. */
  readonly agrees: boolean;
  /** For a request the statuses the client got, each with its code when it was the proxy's own; for an answer the bytes. */
  readonly client: string;
  /** For a request the bytes that reached the back end; for an answer how many requests it took. */
  readonly backEnd: string;
}

/** A verdict as it is expected, with the key of the reason where it is not theirs. */
export interface ExpectedVerdict extends Verdict {
  readonly reason?: string;
}

export interface Reason {
  readonly rfc: string;
  readonly why: string;
}

/** The file of this folder with the verdict expected of every case, and why some are not those of the corpus. */
export interface ExpectedVerdicts {
  readonly reasons: Readonly<Record<string, Reason>>;
  readonly cases: Readonly<Record<string, ExpectedVerdict>>;
}

export const VERDICTS_FILE = join(import.meta.dirname, "verdicts.json");

export function readExpectedVerdicts(): ExpectedVerdicts {
  return JSON.parse(readFileSync(VERDICTS_FILE, "utf8")) as ExpectedVerdicts;
}
