import { X509Certificate, createPrivateKey } from "node:crypto";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isIPv4 } from "node:net";
import { AppError, messageOf } from "../../kernel/index.ts";
import { issueCertificate, newKeyPair } from "../../x509/index.ts";

/** A self-signed certificate that is its own authority: clients get it as `certificate-authority-data`. */
export interface ServingCertificate {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** The certificate, PEM. */
  readonly certificate: string;
}

const NAME = "holdfast-lab-apiserver";
const YEARS_MS = 10 * 365 * 24 * 3600 * 1000;

/**
 * The certificate in `directory`, made when it is not there or is for other addresses. kubectl sends a token over TLS
 * only (client-go `clientcmd.ClientConfig`), so a server for kubectl needs one. `addresses` are IPv4 addresses or DNS names.
 * Throws LAB_APISERVER_CERTIFICATE when the files cannot be written.
 */
export async function ensureServingCertificate(
  directory: string,
  addresses: readonly string[],
  nowMs: number,
): Promise<ServingCertificate> {
  const certificateFile = join(directory, "apiserver.crt");
  const keyFile = join(directory, "apiserver.key");
  try {
    const certificate = await readFile(certificateFile, "utf8");
    if (isFor(certificate, await readFile(keyFile, "utf8"), addresses, nowMs)) return { certificateFile, keyFile, certificate };
  } catch {
    // Not there or not readable: made below, and what is wrong with the folder is told then.
  }
  const made = makeCertificate(addresses, nowMs);
  try {
    await mkdir(directory, { recursive: true });
    await writeFile(keyFile, made.key, { mode: 0o600 });
    await chmod(keyFile, 0o600);
    await writeFile(certificateFile, made.certificate);
  } catch (error) {
    throw new AppError(
      "LAB_APISERVER_CERTIFICATE",
      `${directory}: the API server's certificate cannot be written (${messageOf(error)}); check the permissions`,
      { cause: error },
    );
  }
  return { certificateFile, keyFile, certificate: made.certificate };
}

function isFor(certificate: string, key: string, addresses: readonly string[], nowMs: number): boolean {
  const parsed = new X509Certificate(certificate);
  if (!parsed.checkPrivateKey(createPrivateKey(key)) || Date.parse(parsed.validTo) < nowMs) return false;
  return addresses.every((address) => (isIPv4(address) ? parsed.checkIP(address) : parsed.checkHost(address)) !== undefined);
}

function makeCertificate(addresses: readonly string[], nowMs: number): { certificate: string; key: string } {
  const { privateKey, publicKey } = newKeyPair();
  const certificate = issueCertificate({
    subject: NAME,
    publicKey,
    issuer: NAME,
    signingKey: privateKey,
    alternativeNames: addresses,
    isAuthority: true,
    isServer: true,
    validFromMs: nowMs - 3_600_000,
    validUntilMs: nowMs + YEARS_MS,
  });
  return { certificate, key: privateKey.export({ type: "pkcs8", format: "pem" }) };
}
