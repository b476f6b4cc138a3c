import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { test } from "node:test";
import { hashSync } from "bcryptjs";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { apr1 } from "./apr1.ts";
import { PasswordCheck, readPasswords } from "./passwords.ts";
import { authLimits } from "./settings.ts";

// Of `openssl passwd -apr1 -salt abcdefgh secret`, `openssl passwd -1 -salt xy …` and `htpasswd -s`.
const APR1 = "$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/";
const SHA1 = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=";

test("hashes by the rounds of MD5 as openssl does", () => {
  equal(apr1("secret", "abcdefgh", "$apr1$"), APR1);
  equal(apr1("pässword longer than sixteen bytes", "xy", "$1$"), "$1$xy$7.KP3cf15M2dXsGJb3Z5B0");
});

test("reads users and hashes, and refuses a file of which one line is wrong", () => {
  const bcrypt = hashSync("b", 4);
  const { hashes } = readPasswords(`# who\nann:${APR1}\r\n\nbob:${bcrypt}\ncy:${SHA1}\n`);
  deepEqual([...hashes.keys()], ["ann", "bob", "cy"]);
  equal(readPasswords("").decoy, undefined);
  throws(() => readPasswords(`ann:${APR1}\nnothing`), /line 2: expected user:hash/);
  throws(() => readPasswords(":x"), /line 1: expected user:hash/);
  throws(() => readPasswords("ann:plain"), /line 1: the hash is none of bcrypt, MD5 and SHA-1/);
  throws(() => readPasswords(`ann:${bcrypt.replace("$04$", "$15$")}`), /a bcrypt cost of 15 takes too long/);
  // What is wrong is told without what may be a password.
  throws(
    () => readPasswords("ann:hunter2"),
    (error: Error) => !error.message.includes("hunter2"),
  );
});

test("knows a right password of each kind from a wrong one, and forgets both after a while", async (t) => {
  const clock = new ManualClock();
  const check = new PasswordCheck(clock);
  t.after(() => check.close());
  const bcrypt = hashSync("secret", 4);
  for (const [hash, password] of [
    [APR1, "secret"],
    [SHA1, "secret"],
    [bcrypt, "secret"],
    [bcrypt.replace("$2b$", "$2y$"), "secret"],
  ] as const) {
    equal(await check.check(hash, password), true, hash);
    equal(check.check(hash, password), true, "known at once");
    equal(await check.check(hash, "wrong"), false, hash);
    equal(check.check(hash, "wrong"), false, "known at once");
    equal(await check.check(hash, ""), false, hash);
  }
  await clock.advance(authLimits.knownPasswordMs);
  const again = check.check(APR1, "secret");
  equal(typeof again, "object");
  equal(await again, true);
});

test("lets so many wait and no more, those who ask the same for one", async (t) => {
  const check = new PasswordCheck(new ManualClock());
  t.after(() => check.close());
  const hash = hashSync("secret", 4);
  const waiting = Array.from({ length: authLimits.passwords }, (_, at) => check.check(hash, `wrong ${at}`));
  const same = Array.from({ length: 10 }, () => check.check(hash, "wrong 0"));
  await rejects(async () => check.check(hash, "one more"), { code: "AUTH_BUSY" });
  deepEqual(new Set(await Promise.all([...waiting, ...same])), new Set([false]));
  equal(await check.check(hash, "secret"), true);
});
