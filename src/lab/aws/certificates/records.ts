/** A certificate with its key, where a listener finds it by its ARN. */
export interface CertificateRecord {
  readonly arn: string;
  /** In ACM it is found by its ARN; in IAM it has a name and a path. The authority of those that ACM issues is found nowhere. */
  readonly store:
    | { readonly of: "acm" }
    | { readonly of: "authority" }
    | { readonly of: "iam"; readonly name: string; readonly path: string; readonly id: string };
  readonly createdAtMs: number;
  /** When it was imported last. */
  readonly importedAtMs: number;
  /** Of one that was requested of ACM and not imported: when, when it is issued, and by which token. */
  readonly requested?: { readonly atMs: number; readonly issuedAtMs: number; readonly token: string | undefined };
  /** PEM. */
  readonly certificate: string;
  readonly chain: string | undefined;
  readonly privateKey: string;
  /** What the certificate says, read once. */
  readonly domainName: string;
  readonly alternativeNames: readonly string[];
  readonly serial: string;
  readonly subject: string;
  readonly issuer: string;
  readonly keyAlgorithm: KeyAlgorithm;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export type KeyAlgorithm = "RSA_1024" | "RSA_2048" | "RSA_3072" | "RSA_4096" | "EC_prime256v1" | "EC_secp384r1" | "EC_secp521r1";
