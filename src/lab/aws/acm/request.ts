import { generateKeyPairSync, createPrivateKey, type KeyObject } from "node:crypto";
import { issueCertificate, newKeyPair } from "../../../x509/index.ts";
import { readCertificate } from "../certificates/pem.ts";
import type { CertificateRecord, KeyAlgorithm } from "../certificates/records.ts";
import { AwsError } from "../wire/aws-error.ts";
import { requiredText, structures, text, texts } from "../wire/inputs.ts";
import type { Write } from "../world/actions.ts";
import { uuid } from "../world/ids.ts";
import { type AwsWorld, withRecord, withTags } from "../world/world.ts";

/** Thirteen months (guide, "Managed certificate renewal"). */
const LIFETIME_MS = 395 * 24 * 3_600_000;
const AUTHORITY_LIFETIME_MS = 10 * LIFETIME_MS;
const TOKEN_MS = 3_600_000;
const MOST_NAMES = 100;
const AUTHORITY_NAME = "Lab of Holdfast";
/** Under which the lab's own authority is kept; no action lists it. */
export const AUTHORITY_ARN = "arn:aws:acm-pca:::certificate-authority/lab";

const CURVES: Readonly<Partial<Record<KeyAlgorithm, string>>> = {
  EC_prime256v1: "P-256",
  EC_secp384r1: "P-384",
  EC_secp521r1: "P-521",
};

/** Issued by an authority of the lab's own once `validationMs` have passed, as if somebody had proved that the names are theirs. */
export function requestCertificate({ validationMs }: { readonly validationMs: number }): Write {
  return (world, { input, account, region, nowMs }) => {
    const domainName = requiredText(input, "DomainName").toLowerCase();
    const names = [...new Set([domainName, ...(texts(input, "SubjectAlternativeNames") ?? []).map((name) => name.toLowerCase())])];
    if (names.length > MOST_NAMES)
      throw new AwsError("LimitExceededException", `A certificate can have at most ${MOST_NAMES} names; ${names.length} were asked for.`);
    const token = text(input, "IdempotencyToken");
    const same = [...world.certificates.values()].find(
      ({ requested, domainName: known }) =>
        token !== undefined && requested?.token === token && known === domainName && nowMs - requested.atMs < TOKEN_MS,
    );
    if (same !== undefined) return { world, output: { CertificateArn: same.arn } };
    const keyAlgorithm = (text(input, "KeyAlgorithm") ?? "RSA_2048") as KeyAlgorithm;
    const withAuthority = world.certificates.has(AUTHORITY_ARN)
      ? world
      : withRecord(world, "certificates", AUTHORITY_ARN, newAuthority(nowMs));
    const record = issuedBy(authorityOf(withAuthority), names, keyAlgorithm, nowMs);
    const arn = `arn:aws:acm:${region}:${account}:certificate/${uuid(domainName, nowMs, world.version)}`;
    const requested = { atMs: nowMs, issuedAtMs: nowMs + validationMs, token };
    const tags = new Map((structures(input, "Tags") ?? []).map((tag) => [requiredText(tag, "Key"), text(tag, "Value") ?? ""]));
    const next = withRecord(withAuthority, "certificates", arn, { ...record, arn, requested });
    return { world: withTags(next, arn, tags), output: { CertificateArn: arn } };
  };
}

/** Whether a certificate that was requested is not issued yet. */
export function isPending({ requested }: CertificateRecord, nowMs: number): boolean {
  return requested !== undefined && nowMs < requested.issuedAtMs;
}

/** The certificate of the authority, PEM; undefined while nothing was issued. */
export function authorityIn(world: AwsWorld): string | undefined {
  return world.certificates.get(AUTHORITY_ARN)?.certificate;
}

function authorityOf(world: AwsWorld): { readonly certificate: string; readonly privateKey: KeyObject } {
  const found = world.certificates.get(AUTHORITY_ARN);
  if (found === undefined) throw new AwsError("InternalFailure", "The lab's authority is not there", 500);
  return { certificate: found.certificate, privateKey: createPrivateKey(found.privateKey) };
}

function newAuthority(nowMs: number): CertificateRecord {
  const { publicKey, privateKey } = newKeyPair();
  const certificate = issueCertificate({
    subject: AUTHORITY_NAME,
    publicKey,
    issuer: AUTHORITY_NAME,
    signingKey: privateKey,
    alternativeNames: [],
    isAuthority: true,
    validFromMs: nowMs,
    validUntilMs: nowMs + AUTHORITY_LIFETIME_MS,
  });
  return { ...recordOf(certificate, privateKey, nowMs), arn: AUTHORITY_ARN, store: { of: "authority" } };
}

function issuedBy(
  authority: { readonly certificate: string; readonly privateKey: KeyObject },
  names: readonly string[],
  keyAlgorithm: KeyAlgorithm,
  nowMs: number,
): CertificateRecord {
  const { publicKey, privateKey } = keyPairOf(keyAlgorithm);
  const certificate = issueCertificate({
    subject: names[0] ?? "",
    publicKey,
    issuer: AUTHORITY_NAME,
    signingKey: authority.privateKey,
    alternativeNames: names,
    isServer: true,
    validFromMs: nowMs,
    validUntilMs: nowMs + LIFETIME_MS,
  });
  return { ...recordOf(certificate, privateKey, nowMs), chain: authority.certificate };
}

function keyPairOf(algorithm: KeyAlgorithm): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  const namedCurve = CURVES[algorithm];
  if (namedCurve !== undefined) return generateKeyPairSync("ec", { namedCurve });
  return generateKeyPairSync("rsa", { modulusLength: Number(algorithm.slice("RSA_".length)) });
}

function recordOf(certificate: string, key: KeyObject, nowMs: number): CertificateRecord {
  const privateKey = key.export({ type: "pkcs8", format: "pem" });
  const facts = readCertificate(certificate, privateKey);
  if (typeof facts === "string") throw new AwsError("InternalFailure", `The lab cannot read what it issued: ${facts}`, 500);
  return { arn: "", store: { of: "acm" }, createdAtMs: nowMs, importedAtMs: nowMs, certificate, chain: undefined, privateKey, ...facts };
}
