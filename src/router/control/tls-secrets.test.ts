import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";

import type { KubeObject } from "../../kube/index.ts";
import { TestAuthority } from "../../x509/testing/test-authority.ts";
import { decodeTlsPairs, encodeTlsPairs } from "../tls-pairs.ts";
import { readTlsSecret, restoreTlsSecret } from "./tls-secrets.ts";

const authority = new TestAuthority();
const good = authority.issue(["example.org"]);
const base64 = (text: string): string => Buffer.from(text).toString("base64");

function secret(data: unknown): KubeObject {
  return { apiVersion: "v1", kind: "Secret", metadata: { name: "s", namespace: "n" }, data } as KubeObject;
}

test("a TLS Secret is read, and read back from the snapshot", () => {
  const read = readTlsSecret(secret(dataOf(good)));
  const { hosts, expiresAtMs, ...pair } = read;
  deepEqual(pair, good);
  deepEqual(hosts, ["example.org"]);
  equal(expiresAtMs > 0, true);
  deepEqual(restoreTlsSecret(JSON.parse(JSON.stringify(read))), read);
});

function dataOf({ certificate, key }: typeof good): object {
  return { "tls.crt": base64(certificate), "tls.key": base64(key) };
}

for (const [what, data, message] of [
  ["nothing", undefined, /no tls\.crt/],
  ["no key", { "tls.crt": base64(good.certificate) }, /no tls\.key/],
  ["a number", { "tls.crt": 7, "tls.key": base64(good.key) }, /no tls\.crt/],
  ["no certificate", { "tls.crt": base64("none"), "tls.key": base64(good.key) }, /tls\.crt is no certificate/],
  ["a broken key", { "tls.crt": base64(good.certificate), "tls.key": base64(good.key.slice(0, 60)) }, /tls\.key is no private key/],
  ["a certificate for nobody", dataOf(authority.issue([], "its common name is no host")), /names no host in its subjectAltName/],
  ["another's key", { "tls.crt": base64(good.certificate), "tls.key": base64(authority.issue(["a"]).key) }, /not the key of tls\.crt/],
] as const) {
  test(`a Secret with ${what} is refused, and nothing of its key is said`, () => {
    throws(
      () => readTlsSecret(secret(data)),
      (error: Error) => {
        equal((error as { code?: unknown }).code, "ROUTER_TLS_SECRET");
        return message.test(error.message) && !error.message.includes(good.key.slice(30, 50));
      },
    );
  });
}

test("what is no list of certificates is not read from the snapshot folder", () => {
  const pairs = [{ name: "n/s", ...good, hosts: ["example.org"] }];
  deepEqual(decodeTlsPairs(encodeTlsPairs(pairs)), pairs);
  for (const text of ["", "[]", "null", '{"version":1,"pairs":[]}', '{"version":2,"pairs":[{"name":"x"}]}'])
    throws(() => decodeTlsPairs(text));
});
