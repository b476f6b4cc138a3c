import { deepEqual, equal } from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";

import { certificateHosts, commonHost } from "./certificate-hosts.ts";
import { TestAuthority } from "./testing/test-authority.ts";

test("a certificate is for the hosts and addresses of its subjectAltName", () => {
  const { certificate } = new TestAuthority().issue(["Shop.example.org", "*.example.org", "127.0.0.1"], "its common name is none");
  deepEqual(certificateHosts(new X509Certificate(certificate)), ["shop.example.org", "*.example.org", "127.0.0.1"]);
});

test("two names have in common what both are for: a wildcard stands for one label", () => {
  for (const [one, other, both] of [
    ["a.example.org", "a.example.org", "a.example.org"],
    ["a.example.org", "*.example.org", "a.example.org"],
    ["*.example.org", "a.example.org", "a.example.org"],
    ["*.example.org", "*.example.org", "*.example.org"],
    ["a.b.example.org", "*.example.org", undefined],
    ["*.b.example.org", "*.example.org", undefined],
    ["example.org", "*.example.org", undefined],
    ["localhost", "*.localhost", undefined],
    ["a.example.org", "b.example.org", undefined],
  ] as const)
    equal(commonHost(one, other), both, `${one} ${other}`);
});
