import assert from "node:assert/strict";
import { test } from "node:test";
import { certificateText, readingText, sortedTargets, stepMark, targetTone } from "./load-balancer.ts";

test("a certificate is said by its names and its end; by its ARN when its names are not known", () => {
  const arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1";
  const names = ["a.example", "b.example", "c.example", "d.example", "e.example"];
  assert.equal(
    certificateText({ arn, names, notAfter: "2027-01-31T12:00:00Z" }),
    "a.example, b.example, c.example and 2 more, valid until 2027-01-31",
  );
  assert.equal(certificateText({ arn, names: [], notAfter: null }), arn);
});

test("what is wrong comes first, and a word that is not known is neither good nor bad", () => {
  const target = (id: string, zone: string, state: string) => ({ id, port: 9999, zone, state, reason: null, description: null });
  const sorted = sortedTargets([
    target("i-1", "eu-central-1a", "healthy"),
    target("i-2", "eu-central-1b", "unhealthy"),
    target("i-3", "eu-central-1c", "banana"),
    target("i-0", "eu-central-1b", "healthy"),
  ]);
  assert.deepEqual(
    sorted.map(({ id }) => id),
    ["i-2", "i-3", "i-1", "i-0"],
  );
  assert.equal(targetTone("banana"), "warning");
});

test("an age is said, and a reading that never was", () => {
  assert.equal(readingText(7.4), "Read 7 s ago.");
  assert.equal(readingText(null), "Not read yet.");
  assert.deepEqual((["add", "change", "remove"] as const).map(stepMark), ["+", "~", "−"]);
});
