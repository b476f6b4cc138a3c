import { type KeyObject, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { isIPv4 } from "node:net";
import { integer, oid, sequence, tagged, time } from "./der.ts";

/** What a certificate says, and who says it. */
export interface CertificateRequest {
  /** Common name. */
  readonly subject: string;
  readonly publicKey: KeyObject;
  /** Common name of the authority, and its private key; the subject's own for one that is signed by itself. */
  readonly issuer: string;
  readonly signingKey: KeyObject;
  /** IPv4 addresses and DNS names it is for. */
  readonly alternativeNames: readonly string[];
  /** May sign other certificates. */
  readonly isAuthority?: boolean;
  /** Says so that it is for servers; one that says nothing is for anything. */
  readonly isServer?: boolean;
  readonly validFromMs: number;
  readonly validUntilMs: number;
}

/** An EC P-256 key pair, as `issueCertificate` signs with. */
export function newKeyPair(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

/** An X.509 v3 certificate (RFC 5280 section 4.1), signed with ECDSA and SHA-256; PEM. Node can read certificates and cannot make them. */
export function issueCertificate(request: CertificateRequest): string {
  const algorithm = sequence(oid("1.2.840.10045.4.3.2"));
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const extensions = extensionsOf(request);
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(serial),
    algorithm,
    nameOf(request.issuer),
    sequence(time(request.validFromMs), time(request.validUntilMs)),
    nameOf(request.subject),
    request.publicKey.export({ type: "spki", format: "der" }),
    ...(extensions.length === 0 ? [] : [tagged(0xa3, sequence(...extensions))]),
  );
  const signature = sign("sha256", body, request.signingKey);
  const der = sequence(body, algorithm, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return `-----BEGIN CERTIFICATE-----\n${(der.toString("base64").match(/.{1,64}/g) ?? []).join("\n")}\n-----END CERTIFICATE-----\n`;
}

function extensionsOf({ isAuthority = false, isServer = false, alternativeNames }: CertificateRequest): Buffer[] {
  return [
    // basicConstraints cA; keyUsage digitalSignature and keyCertSign.
    ...(isAuthority
      ? [
          extension("2.5.29.19", true, sequence(tagged(0x01, Buffer.from([0xff])))),
          extension("2.5.29.15", true, tagged(0x03, Buffer.from([0x02, 0x84]))),
        ]
      : []),
    // extendedKeyUsage serverAuth.
    ...(isServer ? [extension("2.5.29.37", false, sequence(oid("1.3.6.1.5.5.7.3.1")))] : []),
    ...(alternativeNames.length > 0 ? [extension("2.5.29.17", false, sequence(...alternativeNames.map(alternativeName)))] : []),
  ];
}

function nameOf(commonName: string): Buffer {
  return sequence(tagged(0x31, sequence(oid("2.5.4.3"), tagged(0x0c, Buffer.from(commonName)))));
}

function alternativeName(address: string): Buffer {
  return isIPv4(address) ? tagged(0x87, Buffer.from(address.split(".").map(Number))) : tagged(0x82, Buffer.from(address));
}

function extension(id: string, isCritical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(isCritical ? [tagged(0x01, Buffer.from([0xff]))] : []), tagged(0x04, value));
}
