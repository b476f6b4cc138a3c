import assert from "node:assert/strict";
import { test } from "node:test";

import { NOW_MS, certificateOf } from "../testing/claims.ts";
import { chooseCertificate } from "./certificate-choice.ts";

const DAY_MS = 86_400_000;

function chosen(host: string, ...certificates: readonly ReturnType<typeof certificateOf>[]): string | undefined {
  const one = chooseCertificate(host, certificates, NOW_MS)?.arn;
  assert.equal(chooseCertificate(host, certificates.toReversed(), NOW_MS)?.arn, one, "the order of a list must not matter");
  return one?.split("/")[1];
}

test("A certificate by the host's own name goes before a wildcard, and a wildcard is for one label", () => {
  const exact = certificateOf("exact", ["shop.example.org"]);
  const wildcard = certificateOf("wildcard", ["*.example.org"], { notBeforeMs: NOW_MS - DAY_MS });
  assert.equal(chosen("shop.example.org", exact, wildcard), "exact");
  assert.equal(chosen("other.example.org", exact, wildcard), "wildcard");
  assert.equal(chosen("a.b.example.org", exact, wildcard), undefined);
  assert.equal(chosen("example.org", exact, wildcard), undefined);
  assert.equal(chosen("*.example.org", exact, wildcard), "wildcard");
});

test("Of equals the newest is used, then the one that lasts longest", () => {
  const old = certificateOf("old", ["a.org"]);
  const renewed = certificateOf("renewed", ["a.org"], { notBeforeMs: NOW_MS - DAY_MS });
  const longer = certificateOf("longer", ["a.org"], { notBeforeMs: NOW_MS - DAY_MS, notAfterMs: NOW_MS + 400 * DAY_MS });
  assert.equal(chosen("a.org", old, renewed), "renewed");
  assert.equal(chosen("a.org", old, renewed, longer), "longer");
});

test("With less than a week left a certificate gives way to any that lasts, and is used if there is no other", () => {
  const ending = certificateOf("ending", ["a.example.org"], { notAfterMs: NOW_MS + 6 * DAY_MS });
  assert.equal(chosen("a.example.org", ending, certificateOf("wildcard", ["*.example.org"])), "wildcard");
  assert.equal(chosen("a.example.org", ending), "ending");
});

test("What has ended or has not begun is not chosen", () => {
  assert.equal(chosen("a.org", certificateOf("ended", ["a.org"], { notAfterMs: NOW_MS })), undefined);
  assert.equal(chosen("a.org", certificateOf("future", ["a.org"], { notBeforeMs: NOW_MS + 1 })), undefined);
});
