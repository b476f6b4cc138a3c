import { deepEqual, equal, notEqual, throws } from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { readCookieKeys, seal, unseal } from "./cookie-seal.ts";
import { authLimits } from "./settings.ts";

const keys = readCookieKeys("the first passphrase\n\n  the second passphrase \r\n");

test("what was sealed opens for its purpose, with any of the keys, and for nothing else", () => {
  const data = { sub: "ann", groups: ["a", "b"] };
  const text = seal(keys, "session a", data);
  deepEqual(unseal(keys, "session a", text), data);
  deepEqual(unseal(keys.toReversed(), "session a", text), data);
  equal(unseal(keys, "session b", text), undefined);
  equal(unseal(keys.slice(1), "session a", text), undefined);
  equal(unseal([], "session a", text), undefined);
  notEqual(seal(keys, "session a", data), text, "no two are alike");
  equal(Buffer.from(text, "base64url").includes("ann"), false);
});

test("not a bit can be changed, and nothing left out", () => {
  const sealed = Buffer.from(seal(keys, "p", { a: 1 }), "base64url");
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = Buffer.from(sealed);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    equal(unseal(keys, "p", changed.toString("base64url")), undefined, String(bit));
  }
  for (let length = 0; length < sealed.length; length++)
    equal(unseal(keys, "p", sealed.subarray(0, length).toString("base64url")), undefined, String(length));
});

test("what unpacks to very much is not unpacked", () => {
  const much = { text: "x".repeat(authLimits.sessionBytes) };
  equal(deflateRawSync(JSON.stringify(much)).length < 1_000, true);
  equal(unseal(keys, "p", seal(keys, "p", much)), undefined);
});

test("a file of keys without one, or with one that can be guessed, is refused without showing it", () => {
  throws(() => readCookieKeys("\n \n"), /no passphrase/);
  throws(() => readCookieKeys("long enough to be one\n".repeat(11)), /at most 10/);
  throws(
    () => readCookieKeys("long enough to be one\nhunter2"),
    (error: Error) => /line 2: .*at least 16/.test(error.message) && !error.message.includes("hunter2"),
  );
});
