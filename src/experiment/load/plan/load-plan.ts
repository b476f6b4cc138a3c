import type { Segment } from "./phases.ts";

/** What load is sent, where to and how: checked, and within the bounds. */
export interface LoadPlan {
  /** Its name in results. */
  readonly name: string;
  /** `http://127.20.2.1:8080`, taken in turn. */
  readonly targets: readonly URL[];
  readonly requests: readonly PlannedRequest[];
  /** How many requests a second, over time. */
  readonly segments: readonly Segment[];
  /** Evenly spaced, or at random with the same mean, as independent users arrive (a Poisson process). */
  readonly arrival: "constant" | "poisson";
  /** When requests of a recording are due, in milliseconds from the start, and which request it is: instead of the segments. */
  readonly replay: readonly { readonly atMs: number; readonly request: number }[] | undefined;
  /** From the moment a request is sent until its answer must be whole. */
  readonly timeoutMs: number;
  /** At most so many at once; what is due while all are busy waits, and fails as `not-sent` when that takes as long as the timeout. */
  readonly connections: number;
  /** Whether a request without side effects is sent once more when a kept connection dies before any byte of the answer, as browsers do. */
  readonly resend: boolean;
  readonly tls: TlsPlan;
}

export interface TlsPlan {
  /** Authorities in PEM; undefined: those Node brings. */
  readonly authorities: string | undefined;
  /** Certificates are not checked. */
  readonly isInsecure: boolean;
  /** Instead of the host. */
  readonly serverName: string | undefined;
  /** Of the client, in PEM. */
  readonly certificate: string | undefined;
  readonly key: string | undefined;
}

export interface PlannedRequest {
  readonly method: string;
  /** Path and query, as they are sent. */
  readonly path: string;
  /** The Host field; undefined: that of the target. */
  readonly host: string | undefined;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  /** Its share among the requests, 1 to 1000. */
  readonly weight: number;
  readonly expect: Expectation;
}

/** What a right answer is. */
export interface Expectation {
  /** Statuses that are right. */
  readonly status: readonly number[];
  /** Fields that must be there with this value; names in lower case. */
  readonly headers: readonly (readonly [string, string])[];
  /** What must stand in the first 64 KiB of the body. */
  readonly bodyContains: string | undefined;
}
