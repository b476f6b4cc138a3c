import { deepEqual } from "node:assert/strict";
import { test } from "node:test";

import { defaultConvertOptions } from "./options.ts";
import { type TlsClaim, TlsClaimIndex } from "./tls-secrets.ts";
import type { ObjectChange } from "./world.ts";

const A = { host: "a.example.org" };

function object(kind: "Ingress" | "RouteGroup", name: string, spec: object, metadata: object = {}): ObjectChange {
  const made = { apiVersion: "v1", kind, metadata: { name, namespace: "shop", ...metadata }, spec };
  return { kind, key: `shop/${name}`, object: made };
}

function claims(ingresses: readonly ObjectChange[], routeGroups: readonly ObjectChange[] = []): readonly TlsClaim[] {
  const index = new TlsClaimIndex(defaultConvertOptions);
  index.apply([...routeGroups, ...ingresses]);
  return index.claims;
}

test("the certificates of spec.tls are those that what the router serves asks for, the oldest first", () => {
  const asked = claims(
    [
      object("Ingress", "young", { rules: [A], tls: [{ secretName: "one" }] }, { creationTimestamp: "2026-02-01T00:00:00Z" }),
      object(
        "Ingress",
        "old",
        { rules: [A], tls: [{ secretName: "one" }, { secretName: "" }, {}] },
        { creationTimestamp: "2026-01-01T00:00:00Z" },
      ),
      object("Ingress", "none", {}),
      object("Ingress", "other", { ingressClassName: "nginx", tls: [{ secretName: "two" }] }),
      object("Ingress", "broken", { tls: "none" }),
      object("Ingress", "host", { rules: [A], tls: [{ hosts: ["a b"], secretName: "two" }] }),
    ],
    [
      object("RouteGroup", "g", { hosts: ["g.example.org"], tls: [{ secretName: "four" }] }),
      object("RouteGroup", "h", { tls: [{ secretName: "five" }] }, { annotations: { "zalando.org/routegroup.class": "other" } }),
    ],
  );
  deepEqual(
    asked.map(({ owner, place, secret, hosts }) => [owner.kind, owner.name, place, secret, hosts]),
    [
      ["Ingress", "old", "spec.tls[0]", "shop/one", ["a.example.org"]],
      ["Ingress", "young", "spec.tls[0]", "shop/one", ["a.example.org"]],
      ["RouteGroup", "g", "spec.tls[0]", "shop/four", ["g.example.org"]],
    ],
  );
});

const B = { host: "B.example.org" };
const WILD = { host: "*.example.org" };

for (const [what, spec, listed, hosts, foreignHosts] of [
  ["names no hosts: its own", { rules: [A, B] }, [], ["a.example.org", "b.example.org"], []],
  ["names some of its own", { rules: [A, B] }, ["B.example.org"], ["b.example.org"], []],
  ["names others' hosts: not those", { rules: [A] }, ["a.example.org", "b.example.org"], ["a.example.org"], ["b.example.org"]],
  ["names a wildcard: its own under it", { rules: [A, { host: "a.example.net" }] }, ["*.example.org"], ["a.example.org"], []],
  ["has a wildcard: what it names under it", { rules: [WILD] }, ["a.example.org"], ["a.example.org"], []],
  ["takes all hosts: those it names", { rules: [{}] }, ["a.example.org"], ["a.example.org"], []],
  ["takes all hosts and names none: all of the certificate", { defaultBackend: {}, rules: [A] }, [], undefined, []],
] as const) {
  test(`a certificate is asked for by an Ingress that ${what}`, () => {
    const asked = claims([object("Ingress", "a", { ...spec, tls: [{ secretName: "one", hosts: listed }] })]);
    deepEqual(
      asked.map((claim) => [claim.hosts, claim.foreignHosts]),
      [[hosts, foreignHosts]],
    );
  });
}

test("claims follow the objects that make them, and the classes that make those the router's", () => {
  const index = new TlsClaimIndex(defaultConvertOptions);
  const tls = [{ secretName: "one" }];
  const after = (...changes: readonly ObjectChange[]): readonly unknown[] => [
    index.apply(changes),
    ...index.claims.map(({ owner }) => owner.name),
  ];
  const gone = ({ kind, key }: ObjectChange): ObjectChange => ({ kind, key, object: undefined });
  const [a, b] = [object("Ingress", "a", { rules: [A], tls }), object("Ingress", "b", { rules: [A], tls })];
  const ours = { apiVersion: "v1", kind: "IngressClass", metadata: { name: "edge" }, spec: { controller: "holdfast.dev/router" } };
  const edge: ObjectChange = { kind: "IngressClass", key: "edge", object: ours };
  deepEqual(after(a, b), [true, "a", "b"]);
  deepEqual(after(gone(a)), [true, "b"]);
  deepEqual(after(object("Ingress", "b", { rules: [{ ...A, http: {} }], tls })), [false, "b"]);
  deepEqual(after(object("Ingress", "b", { ingressClassName: "edge", rules: [A], tls })), [true]);
  deepEqual(after(edge), [true, "b"]);
  deepEqual(after(gone(edge)), [true]);
});
