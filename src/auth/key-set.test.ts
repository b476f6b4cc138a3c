import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { type HeldKey, type PublicKey, keysFor, mergeKeys, readKeySet } from "./key-set.ts";
import { authLimits } from "./settings.ts";

const rsa = (kid: string): PublicKey => ({ kty: "RSA", kid, n: "abc", e: "AQAB" });
const kids = (keys: readonly HeldKey[]): string => keys.map(({ key }) => key.kid ?? "-").join(" ");

test("a key set is read for its public signature keys and nothing else", () => {
  const keys = readKeySet({
    keys: [
      { kty: "RSA", kid: "a", n: "abc", e: "AQAB", d: "secret", x5c: ["…"] },
      { kty: "oct", kid: "b", k: "c2VjcmV0" },
      { kty: "EC", kid: "c", crv: "P-256", x: "ab", y: "cd", use: "enc" },
      { kty: "EC", kid: "d", crv: "P-256", x: "ab", y: "cd", alg: "ECDH-ES" },
      { kty: "OKP", kid: "e", crv: "Ed25519", x: "ab", key_ops: ["sign"] },
      { kty: "OKP", kid: "f", crv: "Ed25519", x: "ab" },
      { kty: "RSA", kid: "g", n: "a b", e: "AQAB" },
      null,
      "key",
    ],
  });
  deepEqual(keys, [
    { kty: "RSA", kid: "a", n: "abc", e: "AQAB" },
    { kty: "OKP", kid: "f", crv: "Ed25519", x: "ab" },
  ]);
  for (const document of [{}, { keys: {} }, { keys: [] }, { keys: [{ kty: "oct", k: "ab" }] }])
    throws(() => readKeySet(document), { code: "AUTH_MALFORMED" });
  throws(() => readKeySet({ keys: Array.from({ length: authLimits.keys + 1 }, (_, at) => rsa(String(at))) }), /101 keys/);
});

test("a new key counts at once, one that is gone when it was missing often and long enough", () => {
  let held = mergeKeys([], [rsa("a"), rsa("b")], 0);
  equal(kids(held), "a b");
  held = mergeKeys(held, [rsa("b"), rsa("c")], 1_000);
  equal(kids(held), "b c a");
  // Often, and not long.
  for (let at = 0; at < 10; at++) held = mergeKeys(held, [rsa("b"), rsa("c")], 2_000 + at);
  equal(kids(held), "b c a");
  equal(kids(mergeKeys(held, [rsa("b"), rsa("c")], 1_000 + authLimits.missingKeyMs)), "b c");
  // Long, and not often.
  const seldom = mergeKeys(mergeKeys([{ key: rsa("a") }], [rsa("b")], 0), [rsa("b")], authLimits.missingKeyMs);
  equal(kids(seldom), "b a");
  // Back again: it starts anew.
  const back = mergeKeys(seldom, [rsa("a"), rsa("b")], authLimits.missingKeyMs + 1);
  equal(kids(mergeKeys(back, [rsa("b")], authLimits.missingKeyMs * 2)), "b a");
});

test("a key fits an algorithm by its kind, its curve and what it says", () => {
  const held = (
    [
      rsa("r"),
      { ...rsa("r256"), alg: "RS256" },
      { kty: "EC", kid: "p256", crv: "P-256", x: "a", y: "b" },
      { kty: "EC", kid: "p384", crv: "P-384", x: "a", y: "b" },
      { kty: "OKP", kid: "ed", crv: "Ed25519", x: "a" },
    ] as const
  ).map((key) => ({ key }));
  const fitting = (alg: string, kid?: string): string =>
    keysFor(held, alg, kid)
      .map((key) => key.kid)
      .join(" ");
  equal(fitting("RS256"), "r r256");
  equal(fitting("PS256"), "r");
  equal(fitting("ES256"), "p256");
  equal(fitting("ES384"), "p384");
  equal(fitting("EdDSA"), "ed");
  equal(fitting("ES256", "p384"), "");
  equal(fitting("RS256", "r256"), "r256");
  equal(fitting("RS256", "other"), "");
  equal(keysFor([{ key: { kty: "RSA", n: "a", e: "b" } }], "RS256", "other").length, 1);
});
