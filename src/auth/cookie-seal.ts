import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { authLimits } from "./settings.ts";

/** Keys that cookies are sealed with: the first seals, all open. */
export type CookieKeys = readonly Buffer[];

const CIPHER = "aes-256-gcm";
const IV_BYTES = 12;
const TAG_BYTES = 16;
const LEAST_CHARACTERS = 16;
const MOST_KEYS = 10;

/** One passphrase a line. Throws for a file without one, or with one that can be guessed. */
export function readCookieKeys(text: string): CookieKeys {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (lines.length === 0) throw new Error("the file holds no passphrase");
  if (lines.length > MOST_KEYS) throw new Error(`the file holds ${lines.length} passphrases, at most ${MOST_KEYS} are used`);
  return lines.map((line, at) => {
    if (line.length < LEAST_CHARACTERS) throw new Error(`line ${at + 1}: a passphrase has at least ${LEAST_CHARACTERS} characters`);
    return Buffer.from(hkdfSync("sha256", line, "", "holdfast cookies", 32));
  });
}

/** Data that only whoever has a key can read or make, for one `purpose`: what was sealed for another does not open. */
export function seal(keys: CookieKeys, purpose: string, data: object): string {
  const [key] = keys;
  if (key === undefined) throw new Error("there is no key");
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(purpose));
  const sealed = Buffer.concat([iv, cipher.update(deflateRawSync(JSON.stringify(data))), cipher.final(), cipher.getAuthTag()]);
  return sealed.toString("base64url");
}

/** The data, as it was sealed by us; undefined for anything else. */
export function unseal(keys: CookieKeys, purpose: string, text: string): unknown {
  const sealed = Buffer.from(text, "base64url");
  if (sealed.length <= IV_BYTES + TAG_BYTES) return undefined;
  const [iv, tag] = [sealed.subarray(0, IV_BYTES), sealed.subarray(-TAG_BYTES)];
  for (const key of keys) {
    const decipher = createDecipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(purpose)).setAuthTag(tag);
    try {
      const packed = Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
      return JSON.parse(inflateRawSync(packed, { maxOutputLength: authLimits.sessionBytes }).toString("utf8"));
    } catch {
      // Of another key, or not of ours.
    }
  }
  return undefined;
}
