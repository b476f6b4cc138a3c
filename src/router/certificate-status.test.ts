import { deepEqual } from "node:assert/strict";
import { test } from "node:test";

import { type CertificateStatus, CertificateWatch } from "./certificate-status.ts";

const AT_MS = Date.UTC(2026, 11, 1);

function ending(name: string, validity: "expiring" | "expired", expiresAtMs = AT_MS): CertificateStatus["ending"][number] {
  return { name, hosts: [`${name}.example.org`], expiresAtMs, validity };
}

function status(list: CertificateStatus["ending"], problems: readonly string[] = []): CertificateStatus {
  return { counts: { valid: 0, expiring: 0, expired: 0 }, ending: list, problems };
}

test("a certificate that ends is told of once by all workers, again when it has ended or was replaced by one that ends too", () => {
  const told: string[] = [];
  const watch = new CertificateWatch({
    warn: (fields, message) => told.push(`warn ${(fields as { certificate: string }).certificate} ${message}`),
    error: (fields, message) => told.push(`error ${(fields as { certificate: string }).certificate} ${message}`),
  });
  watch.take(status([ending("shop", "expiring")]));
  watch.take(status([ending("shop", "expiring")]));
  deepEqual(told.splice(0), ["warn shop certificate expires within two weeks: renew it"]);
  watch.take(status([ending("shop", "expired")]));
  deepEqual(told.splice(0), ["error shop certificate has expired, it is served all the same: renew it"]);
  watch.take(status([ending("shop", "expiring", AT_MS + 1)]));
  watch.take(status([]));
  watch.take(status([ending("shop", "expiring", AT_MS + 1)]));
  deepEqual(told.splice(0).length, 2);
});

test("what is wrong with certificates is told when it changes", () => {
  const told: unknown[] = [];
  const watch = new CertificateWatch({ warn: (fields) => told.push(fields), error: () => {} });
  for (const problems of [["a"], ["a"], [], ["a"], ["a", "b"]]) watch.take(status([], problems));
  deepEqual(told, [{ problems: ["a"] }, { problems: ["a"] }, { problems: ["a", "b"] }]);
});
