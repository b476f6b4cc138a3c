import assert from "node:assert/strict";
import { test } from "node:test";
import { whyCertificateStays } from "./certificate-proof.ts";

const NOW_MS = 1_700_000_000_000;
const DAY_MS = 24 * 3_600_000;
const certificate = (arn: string, names: readonly string[], days = 90) =>
  [arn, { arn, names, notBeforeMs: NOW_MS - DAY_MS, notAfterMs: NOW_MS + days * DAY_MS }] as const;

test("a certificate goes only when another one stays and every host that it may serve is served by one that stays", () => {
  const usable = new Map([
    certificate("shop", ["shop.example.org"]),
    certificate("wild", ["*.example.org"]),
    certificate("old", ["*.example.org"], -1),
  ]);
  const why = (names: readonly string[] | undefined, hosts: readonly string[], staying: readonly string[]): string | undefined =>
    whyCertificateStays(
      { arn: "arn", now: names === undefined ? { state: "gone" } : { state: "there", names }, hosts, staying, usable },
      NOW_MS,
    );
  assert.equal(why(["shop.example.org"], ["shop.example.org", "other.example.com"], ["wild"]), undefined);
  assert.equal(why(["elsewhere.example.com"], ["shop.example.org"], ["old"]), undefined, "it serves nobody here");
  assert.match(why(["shop.example.org"], ["shop.example.org"], []) ?? "", /last one/);
  assert.match(why(["*.example.org"], ["a.example.org", "b.example.org"], ["shop"]) ?? "", /a\.example\.org and 1 more/);
  assert.match(why(["a.example.org"], ["a.example.org"], ["old"]) ?? "", /a\.example\.org/, "one that has ended serves nobody");
  assert.match(why(["a.example.org"], ["a.example.org"], ["unknown"]) ?? "", /a\.example\.org/);
  assert.match(
    why(["*.example.org"], ["a.b.example.org", "b.example.org"], ["shop"]) ?? "",
    /for b\.example\.org$/,
    "a wildcard is for one label",
  );
  assert.match(why(undefined, ["a.example.com", "shop.example.org"], ["wild"]) ?? "", /a\.example\.com/, "nobody knows whom it was for");
  assert.equal(why(undefined, ["shop.example.org"], ["wild"]), undefined);
});
