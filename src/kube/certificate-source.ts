import { X509Certificate, createPrivateKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import { AppError, type Clock, messageOf } from "../kernel/index.ts";
import { type Log, silentLog } from "../telemetry/index.ts";
import type { Credentials } from "./cluster-config.ts";

const REREAD_MS = 60_000;

/** PEM of a client certificate and its key. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

/** The client certificate to show, if any. */
export interface CertificateSource {
  /** The same object as long as it is the same certificate. Files that cannot be used now leave the last one in use. */
  certificate(): Promise<ClientCertificate | undefined>;
  /** The server refused it: the next call reads the files again. True if that may give another one. */
  invalidate(): boolean;
}

/**
 * Certificates in files are read again every minute, because a kubelet and others replace them long before they expire. A pair of which only one
 * half is written yet is no pair, and is looked at again a minute later.
 */
export function createCertificateSource(credentials: Credentials, clock: Clock, log: Log = silentLog): CertificateSource {
  if (credentials.type !== "certificate") return { certificate: () => Promise.resolve(undefined), invalidate: () => false };
  const { cert, key, files } = credentials;
  let known: ClientCertificate = { cert, key };
  if (files === undefined) return { certificate: () => Promise.resolve(known), invalidate: () => false };
  const watched = files;
  let readAtMs = clock.monoMs();
  let reading: Promise<void> | undefined;

  async function reread(): Promise<void> {
    const { certFile, keyFile } = watched;
    try {
      const next = { cert: await readFile(certFile, "latin1"), key: await readFile(keyFile, "latin1") };
      if (next.cert === known.cert && next.key === known.key) return;
      if (!new X509Certificate(next.cert).checkPrivateKey(createPrivateKey(next.key)))
        throw new AppError("KUBE_CONFIG", `${keyFile} is not the key of ${certFile}`);
      known = next;
      log.info({ file: certFile }, "client certificate was replaced on disk and is used from now on");
    } catch (thrown) {
      log.warn({ file: certFile, reason: messageOf(thrown) }, "client certificate cannot be read again, the one before it stays in use");
    }
  }

  return {
    async certificate() {
      if (clock.monoMs() - readAtMs >= REREAD_MS) {
        readAtMs = clock.monoMs();
        reading = reread();
      }
      await reading;
      return known;
    },
    invalidate() {
      readAtMs = -Infinity;
      return true;
    },
  };
}
