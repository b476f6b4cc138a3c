import { X509Certificate, createPrivateKey } from "node:crypto";
import type { CertificateRecord, KeyAlgorithm } from "./records.ts";

/** What a certificate says of itself. */
export type CertificateFacts = Pick<
  CertificateRecord,
  "domainName" | "alternativeNames" | "serial" | "subject" | "issuer" | "keyAlgorithm" | "notBeforeMs" | "notAfterMs"
>;

/** Why a certificate and its key cannot be taken. */
export type Refused = "no-certificate" | "no-key" | "mismatch" | "unsupported-key";

const ALGORITHMS: ReadonlySet<string> = new Set<KeyAlgorithm>([
  "RSA_1024",
  "RSA_2048",
  "RSA_3072",
  "RSA_4096",
  "EC_prime256v1",
  "EC_secp384r1",
  "EC_secp521r1",
]);

/** Reads a certificate and sees that the key is its own; both PEM. */
export function readCertificate(certificate: string, privateKey: string): CertificateFacts | Refused {
  const x509 = tried(() => new X509Certificate(certificate));
  if (x509 === undefined) return "no-certificate";
  const key = tried(() => createPrivateKey(privateKey));
  if (key === undefined) return "no-key";
  if (!x509.checkPrivateKey(key)) return "mismatch";
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = x509.publicKey;
  const keyAlgorithm = type === "rsa" ? `RSA_${details?.modulusLength ?? 0}` : `EC_${details?.namedCurve ?? ""}`;
  if (!isKeyAlgorithm(keyAlgorithm)) return "unsupported-key";
  const alternativeNames = [...(x509.subjectAltName ?? "").matchAll(/DNS:([^,]+)/g)].flatMap(([, name]) => name ?? []);
  const commonName = /^CN=(.*)$/m.exec(x509.subject)?.[1];
  const domainName = commonName ?? alternativeNames[0] ?? "";
  return {
    domainName,
    alternativeNames: alternativeNames.length > 0 ? alternativeNames : [domainName],
    serial: (x509.serialNumber.toLowerCase().match(/../g) ?? []).join(":"),
    subject: x509.subject.replaceAll("\n", ","),
    issuer: x509.issuer.replaceAll("\n", ","),
    keyAlgorithm,
    notBeforeMs: Date.parse(x509.validFrom),
    notAfterMs: Date.parse(x509.validTo),
  };
}

function isKeyAlgorithm(name: string): name is KeyAlgorithm {
  return ALGORITHMS.has(name);
}

function tried<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
