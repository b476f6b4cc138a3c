import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";

import type { TlsClaim } from "../../ingress/index.ts";
import { assignCertificates } from "./certificate-claims.ts";

const NOW_MS = 1_000;

function claim(name: string, hosts: readonly string[] | undefined, foreignHosts: readonly string[] = []): TlsClaim {
  return { owner: { kind: "Ingress", namespace: "shop", name }, place: "spec.tls[0]", secret: `shop/${name}-tls`, hosts, foreignHosts };
}

function assigned(claims: readonly TlsClaim[], certificates: Readonly<Record<string, readonly string[]>>, expired: readonly string[] = []) {
  const secrets = Object.entries(certificates).map(
    ([name, hosts]) =>
      [`shop/${name}-tls`, { certificate: "", key: "", hosts, expiresAtMs: expired.includes(name) ? NOW_MS - 1 : NOW_MS + 1 }] as const,
  );
  const { pairs, problems } = assignCertificates(claims, new Map(secrets), NOW_MS);
  return { pairs: pairs.map(({ name, hosts }) => [name, hosts]), problems: problems.map(({ name, message }) => `${name}: ${message}`) };
}

test("a certificate is served for the hosts it was asked for and is for, not for what else stands in it", () => {
  const both = ["a.example.org", "b.example.org"];
  deepEqual(assigned([claim("one", ["a.example.org"])], { one: both }), { pairs: [["shop/one-tls", ["a.example.org"]]], problems: [] });
  deepEqual(assigned([claim("one", ["a.example.org"])], { one: ["*.example.org"] }).pairs, [["shop/one-tls", ["a.example.org"]]]);
  deepEqual(assigned([claim("one", ["*.example.org"])], { one: both }).pairs, [["shop/one-tls", both]]);
  deepEqual(assigned([claim("one", undefined)], { one: both }).pairs, [["shop/one-tls", both]]);
});

test("who asks for a certificate hears that there is none, that it is for others, or that the host is not theirs", () => {
  const claims = [claim("none", ["a.example.org"]), claim("one", ["a.example.org", "c.example.net"], ["d.example.org"])];
  const { pairs, problems } = assigned(claims, { one: ["a.example.org"] });
  deepEqual(pairs, [["shop/one-tls", ["a.example.org"]]]);
  equal(problems.length, 3);
  match(problems[0] ?? "", /^none: spec\.tls\[0\]\.secretName: there is no Secret shop\/none-tls of type kubernetes\.io\/tls/);
  match(problems[1] ?? "", /^one: spec\.tls\[0\]\.hosts: it has no routes for d\.example\.org, so the certificate is not served for that$/);
  match(problems[2] ?? "", /^one: spec\.tls\[0\]: the certificate of Secret shop\/one-tls is not for c\.example\.net$/);
});

test("of several certificates for a host the one that was asked for first is served, unless it has expired", () => {
  const claims = [claim("old", ["a.example.org"]), claim("young", ["a.example.org", "b.example.org"])];
  const certificates = { old: ["a.example.org"], young: ["*.example.org"] };
  const { pairs, problems } = assigned(claims, certificates);
  deepEqual(pairs, [
    ["shop/old-tls", ["a.example.org"]],
    ["shop/young-tls", ["b.example.org"]],
  ]);
  deepEqual(problems, [
    "young: spec.tls[0]: a.example.org is served with the certificate of Secret shop/old-tls, which Ingress shop/old asks for",
  ]);
  deepEqual(assigned(claims, certificates, ["old"]).pairs, [["shop/young-tls", ["a.example.org", "b.example.org"]]]);
  deepEqual(assigned(claims, certificates, ["old", "young"]).pairs[0], ["shop/old-tls", ["a.example.org"]]);
});

test("one Secret that several ask for is served for the hosts of all", () => {
  const again = { ...claim("again", ["b.example.org"]), secret: "shop/one-tls" };
  deepEqual(assigned([claim("one", ["a.example.org"]), again], { one: ["*.example.org"] }), {
    pairs: [["shop/one-tls", ["a.example.org", "b.example.org"]]],
    problems: [],
  });
});
