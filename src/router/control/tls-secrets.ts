import { X509Certificate, createPrivateKey } from "node:crypto";

import { AppError } from "../../kernel/index.ts";
import type { KubeObject } from "../../kube/index.ts";
import { certificateHosts } from "../../x509/index.ts";

/** What of a Secret of type `kubernetes.io/tls` is kept. */
export interface TlsSecret {
  /** PEM, as is the key. */
  readonly certificate: string;
  readonly key: string;
  /** What the certificate is for, at least one; lower case. */
  readonly hosts: readonly string[];
  readonly expiresAtMs: number;
}

const FIELD_CHARACTERS = 1_400_000;

/**
 * Reads a Secret (page "Secrets", section "TLS Secrets"). Throws AppError `ROUTER_TLS_SECRET` for one that could not be served, so that the
 * version before it stays; nothing of its key is in the message.
 */
export function readTlsSecret(object: KubeObject): TlsSecret {
  const { data } = object as { readonly data?: unknown };
  return usable({ certificate: fieldOf(data, "tls.crt"), key: fieldOf(data, "tls.key") });
}

/** Reads one back from the snapshot. */
export function restoreTlsSecret(value: unknown): TlsSecret {
  const { certificate, key } = (value ?? {}) as { readonly certificate?: unknown; readonly key?: unknown };
  if (typeof certificate !== "string" || typeof key !== "string") throw refused("it has no certificate with its key");
  return usable({ certificate, key });
}

function usable(secret: Pick<TlsSecret, "certificate" | "key">): TlsSecret {
  let leaf: X509Certificate;
  try {
    leaf = new X509Certificate(secret.certificate);
  } catch {
    throw refused("tls.crt is no certificate in PEM");
  }
  let isOwn: boolean;
  try {
    isOwn = leaf.checkPrivateKey(createPrivateKey(secret.key));
  } catch {
    throw refused("tls.key is no private key in PEM");
  }
  if (!isOwn) throw refused("tls.key is not the key of tls.crt");
  const hosts = certificateHosts(leaf);
  if (hosts.length === 0) throw refused("tls.crt names no host in its subjectAltName");
  return { ...secret, hosts, expiresAtMs: Date.parse(leaf.validTo) };
}

function fieldOf(data: unknown, name: string): string {
  const value = typeof data === "object" && data !== null ? (data as Readonly<Record<string, unknown>>)[name] : undefined;
  if (typeof value !== "string" || value === "" || value.length > FIELD_CHARACTERS) throw refused(`data has no ${name} in base64`);
  return Buffer.from(value, "base64").toString("utf8");
}

function refused(why: string): AppError {
  return new AppError("ROUTER_TLS_SECRET", why);
}
