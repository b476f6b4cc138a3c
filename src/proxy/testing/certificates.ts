import { type KeyObject, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { isIPv4 } from "node:net";

const DAY_MS = 24 * 3_600_000;
const ECDSA_SHA256 = "1.2.840.10045.4.3.2";

/** A certificate and its key, PEM. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
}

/** An authority that lives as long as a test, with EC P-256 keys (RFC 5280 section 4.1, X.690). */
export class TestAuthority {
  readonly #name: string;
  readonly #keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  readonly certificate: string;

  constructor(name = "holdfast test authority") {
    this.#name = name;
    const extensions = [
      extension("2.5.29.19", true, sequence(tagged(0x01, Buffer.from([0xff])))),
      extension("2.5.29.15", true, tagged(0x03, Buffer.from([0x02, 0x84]))),
    ];
    this.certificate = this.#issue(name, this.#keys.publicKey, extensions, 365);
  }

  /** For these host names and IPv4 addresses; `subject` is its common name. */
  issue(hosts: readonly string[], subject = hosts[0] ?? "", days = 90): Issued {
    const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const names = hosts.map((host) =>
      isIPv4(host) ? tagged(0x87, Buffer.from(host.split(".").map(Number))) : tagged(0x82, Buffer.from(host)),
    );
    const certificate = this.#issue(
      subject,
      keys.publicKey,
      names.length === 0 ? [] : [extension("2.5.29.17", false, sequence(...names))],
      days,
    );
    return { certificate, key: keys.privateKey.export({ type: "pkcs8", format: "pem" }) };
  }

  #issue(subject: string, key: KeyObject, extensions: readonly Buffer[], days: number): string {
    const serial = randomBytes(16);
    serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
    const algorithm = sequence(oid(ECDSA_SHA256));
    const body = sequence(
      tagged(0xa0, tagged(0x02, Buffer.from([2]))),
      tagged(0x02, serial),
      algorithm,
      nameOf(this.#name),
      sequence(time(Date.now() - 2 * DAY_MS), time(Date.now() + days * DAY_MS)),
      nameOf(subject),
      key.export({ type: "spki", format: "der" }),
      ...(extensions.length === 0 ? [] : [tagged(0xa3, sequence(...extensions))]),
    );
    const signature = sign("sha256", body, this.#keys.privateKey);
    const der = sequence(body, algorithm, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])));
    return `-----BEGIN CERTIFICATE-----\n${(der.toString("base64").match(/.{1,64}/g) ?? []).join("\n")}\n-----END CERTIFICATE-----\n`;
  }
}

function nameOf(commonName: string): Buffer {
  return sequence(tagged(0x31, sequence(oid("2.5.4.3"), tagged(0x0c, Buffer.from(commonName)))));
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

function time(wallMs: number): Buffer {
  return tagged(0x17, Buffer.from(`${new Date(wallMs).toISOString().slice(2, 19).replaceAll(/[-:T]/g, "")}Z`));
}
