import assert from "node:assert/strict";
import { test } from "node:test";
import { readDenial } from "./denial-flags.ts";

const FLAGS = {
  internalDomains: [],
  denyInternalDomainsResponse: "Unauthorized",
  denyInternalDomainsResponseContentType: "text/plain",
  denyInternalDomainsResponseStatusCode: "401",
};

test("internal domains are those of the cluster, or those that are named; what would deny everything, or AWS would refuse, is refused", () => {
  assert.deepEqual(readDenial(FLAGS), { hosts: ["*.cluster.local"], status: "401", contentType: "text/plain", body: "Unauthorized" });
  assert.deepEqual(readDenial({ ...FLAGS, internalDomains: ["*.Internal", "a?.example.org"] }).hosts, ["*.internal", "a?.example.org"]);
  const refused = (flags: Partial<typeof FLAGS> | { readonly internalDomains: readonly string[] }, message: RegExp) =>
    assert.throws(() => readDenial({ ...FLAGS, ...flags }), { code: "CLI_USAGE", message });
  for (const host of ["*", "*.*", "cluster.loc?l", "a b.local", ""]) refused({ internalDomains: [host] }, /write a domain/);
  refused({ internalDomains: ["a.b", "b.b", "c.b", "d.b", "e.b", "f.b"] }, /at most 5 domains/);
  refused({ internalDomains: ["*.?.?.?.?.?.b", "*.c"] }, /at most 6/);
  refused({ denyInternalDomainsResponseStatusCode: "302" }, /write a status/);
  refused({ denyInternalDomainsResponseContentType: "image/png" }, /write one of text\/plain/);
  refused({ denyInternalDomainsResponse: "x".repeat(1025) }, /at most 1024/);
});
