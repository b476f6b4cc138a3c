import type { AppError } from "../kernel/index.ts";

/** A certificate of ACM or IAM. */
export interface CertificateRecord {
  readonly arn: string;
  /** The names it is for, lower case, each once; `*.example.org` is for one label. */
  readonly names: readonly string[];
  /** `ISSUED`, `EXPIRED`, `PENDING_VALIDATION`, `REVOKED`, … or a word that is not known. IAM knows no state: `ISSUED`. */
  readonly status: string;
  /** `RSA_2048`, `EC_prime256v1`; undefined of IAM's. */
  readonly keyAlgorithm: string | undefined;
  /** Undefined of one that is not issued yet. */
  readonly notBeforeMs: number | undefined;
  readonly notAfterMs: number | undefined;
  /** Undefined where they were not asked for. */
  readonly tags: ReadonlyMap<string, string> | undefined;
}

/** All that could be read, and what could not: one bad certificate costs the others nothing. */
export interface Certificates {
  readonly certificates: readonly CertificateRecord[];
  readonly unreadable: readonly { readonly arn: string; readonly error: AppError }[];
}
