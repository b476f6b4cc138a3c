import { issueCertificate, newKeyPair } from "../certificate.ts";

const DAY_MS = 24 * 3_600_000;

/** A certificate and its key, PEM. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
}

/** An authority that lives as long as a test. */
export class TestAuthority {
  readonly #name: string;
  readonly #keys = newKeyPair();
  readonly certificate: string;

  constructor(name = "holdfast test authority") {
    this.#name = name;
    const { publicKey, privateKey } = this.#keys;
    this.certificate = issueCertificate({
      subject: name,
      publicKey,
      issuer: name,
      signingKey: privateKey,
      alternativeNames: [],
      isAuthority: true,
      ...valid(365),
    });
  }

  /** For these host names and IPv4 addresses; `subject` is its common name. */
  issue(hosts: readonly string[], subject = hosts[0] ?? "", days = 90): Issued {
    const { publicKey, privateKey } = newKeyPair();
    const certificate = issueCertificate({
      subject,
      publicKey,
      issuer: this.#name,
      signingKey: this.#keys.privateKey,
      alternativeNames: hosts,
      ...valid(days),
    });
    return { certificate, key: privateKey.export({ type: "pkcs8", format: "pem" }) };
  }
}

function valid(days: number): { readonly validFromMs: number; readonly validUntilMs: number } {
  return { validFromMs: Date.now() - 2 * DAY_MS, validUntilMs: Date.now() + days * DAY_MS };
}
