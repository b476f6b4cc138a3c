import { createHash } from "node:crypto";

const DIGITS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** Which bytes of the digest go into one group of four digits; the last one stands alone. */
const GROUPS = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
] as const;
const ROUNDS = 1_000;

/** The hash of a password by the thousand rounds of MD5 that Apache (`$apr1$`) and crypt (`$1$`) share: page "Password Formats" of httpd. */
export function apr1(password: string, salt: string, magic: string): string {
  const bytes = Buffer.from(password, "utf8");
  const inner = createHash("md5").update(bytes).update(salt).update(bytes).digest();
  const outer = createHash("md5").update(bytes).update(magic).update(salt);
  for (let left = bytes.length; left > 0; left -= 16) outer.update(inner.subarray(0, Math.min(16, left)));
  for (let bits = bytes.length; bits > 0; bits >>= 1) outer.update((bits & 1) === 1 ? Buffer.from([0]) : bytes.subarray(0, 1));
  let digest = outer.digest();
  for (let round = 0; round < ROUNDS; round++) {
    const hash = createHash("md5");
    hash.update((round & 1) === 1 ? bytes : digest);
    if (round % 3 !== 0) hash.update(salt);
    if (round % 7 !== 0) hash.update(bytes);
    hash.update((round & 1) === 1 ? digest : bytes);
    digest = hash.digest();
  }
  const at = (index: number): number => digest[index] ?? 0;
  let text = "";
  for (const [high, middle, low] of GROUPS) text += digits((at(high) << 16) | (at(middle) << 8) | at(low), 4);
  return `${magic}${salt}$${text}${digits(at(11), 2)}`;
}

function digits(value: number, count: number): string {
  let text = "";
  for (let left = value; text.length < count; left >>= 6) text += DIGITS[left & 0x3f];
  return text;
}
