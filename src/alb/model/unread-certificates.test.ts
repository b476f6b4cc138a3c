import assert from "node:assert/strict";
import { test } from "node:test";
import type { Layout } from "./desired.ts";
import { withUnreadCertificates } from "./unread-certificates.ts";

const layout: Layout = {
  loadBalancers: [],
  placeOf: new Map(),
  certificatesOf: new Map(),
  problems: [
    { owner: "Ingress default/a", reason: "CertificateNotFound", message: "no certificate is for a.example.org" },
    { owner: "Ingress default/b", reason: "CertificateExpired", message: "ended" },
  ],
};

test("a certificate that was not found while not all could be read is not said to be missing, and its object waits", () => {
  assert.equal(withUnreadCertificates(layout, { state: "fresh", value: [], atMs: 0 }), layout);
  const found = withUnreadCertificates(layout, { state: "stale", value: [], atMs: 0, why: "ListCertificates: hung" });
  assert.deepEqual(
    found.problems.map(({ owner, reason }) => [owner, reason]),
    [
      ["Ingress default/a", "CertificatesNotRead"],
      ["Ingress default/b", "CertificateExpired"],
    ],
  );
  assert.deepEqual([...(found.waits?.keys() ?? [])], ["Ingress default/a"]);
  assert.match(found.waits?.get("Ingress default/a") ?? "", /ListCertificates: hung/);
});
