import { X509Certificate, createPrivateKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isIPv4 } from "node:net";
import { AppError, messageOf } from "../../kernel/index.ts";

/** A self-signed certificate that is its own authority: clients get it as `certificate-authority-data`. */
export interface ServingCertificate {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** The certificate, PEM. */
  readonly certificate: string;
}

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

/** An X.509 v3 certificate (RFC 5280 section 4.1) with an EC P-256 key, signed with ECDSA and SHA-256. */
function makeCertificate(addresses: readonly string[], nowMs: number): { certificate: string; key: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = sequence(oid("1.2.840.10045.4.3.2"));
  const name = sequence(tagged(0x31, sequence(oid("2.5.4.3"), tagged(0x0c, Buffer.from("holdfast-lab-apiserver")))));
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(serial),
    algorithm,
    name,
    sequence(time(nowMs - 3600_000), time(nowMs + YEARS_MS)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    tagged(
      0xa3,
      sequence(
        // basicConstraints cA, keyUsage digitalSignature + keyCertSign, extendedKeyUsage serverAuth, subjectAltName.
        extension("2.5.29.19", true, sequence(tagged(0x01, Buffer.from([0xff])))),
        extension("2.5.29.15", true, tagged(0x03, Buffer.from([0x02, 0x84]))),
        extension("2.5.29.37", false, sequence(oid("1.3.6.1.5.5.7.3.1"))),
        extension("2.5.29.17", false, sequence(...addresses.map(alternativeName))),
      ),
    ),
  );
  const signature = sign("sha256", body, privateKey);
  const der = sequence(body, algorithm, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }),
  };
}

function alternativeName(address: string): Buffer {
  return isIPv4(address) ? tagged(0x87, Buffer.from(address.split(".").map(Number))) : tagged(0x82, Buffer.from(address));
}

function extension(id: string, isCritical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(isCritical ? [tagged(0x01, Buffer.from([0xff]))] : []), tagged(0x04, value));
}

/** One DER value: tag, length, content (X.690 section 8.1). */
function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes);
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let value = part >> 7; value > 0; value >>= 7) groups.unshift((value & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return tagged(0x06, Buffer.from(bytes));
}

/** UTCTime up to 2049, GeneralizedTime after (RFC 5280 section 4.1.2.5). */
function time(wallMs: number): Buffer {
  const text = `${new Date(wallMs).toISOString().slice(0, 19).replaceAll(/[-:T]/g, "")}Z`;
  return Number(text.slice(0, 4)) < 2050 ? tagged(0x17, Buffer.from(text.slice(2))) : tagged(0x18, Buffer.from(text));
}
