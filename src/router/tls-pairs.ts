import type { CertificatePair } from "../proxy/index.ts";

/** The state of the snapshot folder in which the control process leaves the certificates of Secrets, and workers look for them. */
export const TLS_PAIRS_STATE = "tls-pairs";
export const TLS_PAIRS_FILE = `state-${TLS_PAIRS_STATE}`;

/** As text. */
export function encodeTlsPairs(pairs: readonly CertificatePair[]): string {
  return JSON.stringify({ version: 2, pairs });
}

/** Throws an error that says what is wrong; nothing of a key is in it. */
export function decodeTlsPairs(text: string): readonly CertificatePair[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("it is no JSON");
  }
  const { version, pairs } = (value ?? {}) as { readonly version?: unknown; readonly pairs?: unknown };
  if (version !== 2 || !Array.isArray(pairs) || !pairs.every(isPair)) throw new Error("it is not of this version");
  return pairs;
}

function isPair(value: unknown): value is CertificatePair {
  const { name, certificate, key, hosts } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return Array.isArray(hosts) && [name, certificate, key, ...hosts].every((text) => typeof text === "string");
}
