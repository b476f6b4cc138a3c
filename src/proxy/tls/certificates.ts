import { X509Certificate, createPrivateKey } from "node:crypto";
import type { SecureContext } from "node:tls";
import { messageOf } from "../../kernel/index.ts";
import { certificateHosts } from "../../x509/index.ts";

/** A certificate with its chain, leaf first, and the key of the leaf; PEM. */
export interface CertificatePair {
  /** What people call it: a file, a Secret. */
  readonly name: string;
  readonly certificate: string;
  readonly key: string;
  /** The names it is served for, lower case; left out: all that it has. */
  readonly hosts?: readonly string[];
}

/** What every certificate of a listener is used with. */
export interface ContextOptions {
  /** Authorities that client certificates are checked against, PEM; undefined where none are asked for. */
  readonly clientAuthorities: string | undefined;
}

/** A pair that can be used. */
export interface ServingCertificate {
  readonly name: string;
  readonly context: SecureContext;
  readonly pair: CertificatePair;
  /** Lower case; a wildcard as `*.example.org`. */
  readonly hosts: readonly string[];
  readonly expiresAtMs: number;
}

/** How long a certificate is still good for. */
export type Validity = "valid" | "expiring" | "expired";

const EXPIRING_MS = 14 * 24 * 3_600_000;

export function validityOf({ expiresAtMs }: Pick<ServingCertificate, "expiresAtMs">, wallMs: number): Validity {
  return expiresAtMs <= wallMs ? "expired" : expiresAtMs - wallMs < EXPIRING_MS ? "expiring" : "valid";
}

/** TLS 1.3's three, and of TLS 1.2 what has forward secrecy and authenticated encryption (RFC 9325 section 4.2). */
const CIPHERS = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

/** What each context of a listener is made with, with a certificate or without. */
export function contextOptions({ clientAuthorities }: ContextOptions): object {
  return {
    minVersion: "TLSv1.2",
    ciphers: CIPHERS,
    ...(clientAuthorities === undefined ? {} : { ca: clientAuthorities }),
  };
}

/** Throws an error that says what is wrong with the pair; nothing of its key is in it. */
export function openCertificate(pair: CertificatePair, options: ContextOptions): ServingCertificate {
  const leaf = readPem("certificate", () => new X509Certificate(pair.certificate));
  if (!leaf.checkPrivateKey(readPem("private key", () => createPrivateKey(pair.key))))
    throw new Error("the key is not that of the certificate");
  const hosts = pair.hosts ?? certificateHosts(leaf);
  if (hosts.length === 0) throw new Error("the certificate names no host in its subjectAltName");
  // node:tls is read where it is used: a worker without it starts sooner (by 60 ms, measured on a busy machine).
  const { createSecureContext } = process.getBuiltinModule("node:tls");
  const context = createSecureContext({ ...contextOptions(options), cert: pair.certificate, key: pair.key });
  return { name: pair.name, pair, context, hosts, expiresAtMs: Date.parse(leaf.validTo) };
}

function readPem<Read>(what: string, read: () => Read): Read {
  try {
    return read();
  } catch {
    // What OpenSSL says of it ("no start line") tells nobody which of the two it is.
    throw new Error(`there is no ${what} in PEM in it`);
  }
}

/** Which certificate a server name gets: its own, that of `*` in place of its first label, else the default. */
export class CertificateIndex {
  readonly certificates: readonly ServingCertificate[];
  readonly fallback: ServingCertificate | undefined;
  readonly #byHost = new Map<string, ServingCertificate>();

  /**
   * Of several for one host one that is for all its names is taken before one that is for some: who wrote it for all is who runs the listener. Else the
   * one that is valid longest. `fallbackName` names the default.
   */
  constructor(certificates: readonly ServingCertificate[], fallbackName: string) {
    this.certificates = certificates;
    this.fallback = certificates.find(({ name }) => name === fallbackName);
    for (const certificate of certificates) {
      for (const host of certificate.hosts) {
        const other = this.#byHost.get(host);
        if (other === undefined || isPreferred(certificate, other)) this.#byHost.set(host, certificate);
      }
    }
  }

  find(serverName: string): ServingCertificate | undefined {
    const host = serverName.toLowerCase();
    const dot = host.indexOf(".");
    return this.#byHost.get(host) ?? (dot < 0 ? undefined : this.#byHost.get(`*${host.slice(dot)}`)) ?? this.fallback;
  }
}

function isPreferred(one: ServingCertificate, other: ServingCertificate): boolean {
  const isForAll = one.pair.hosts === undefined;
  return isForAll === (other.pair.hosts === undefined) ? one.expiresAtMs > other.expiresAtMs : isForAll;
}

/** Opens what can be opened. `problems` says of each other pair what is wrong, and whether the one of before stays in its place. */
export function openCertificates(
  pairs: readonly CertificatePair[],
  options: ContextOptions,
  before: readonly ServingCertificate[],
): { readonly certificates: readonly ServingCertificate[]; readonly problems: readonly string[] } {
  const certificates: ServingCertificate[] = [];
  const problems: string[] = [];
  for (const pair of pairs) {
    try {
      certificates.push(openCertificate(pair, options));
    } catch (error) {
      const last = before.find(({ name }) => name === pair.name);
      if (last !== undefined) certificates.push(last);
      problems.push(`${pair.name}: ${messageOf(error)}; ${last === undefined ? "it is not served" : "the one of before is served on"}`);
    }
  }
  return { certificates, problems };
}
