import { deepEqual } from "node:assert/strict";
import { test } from "node:test";

import type { KubeObject } from "../kube/index.ts";
import { defaultConvertOptions } from "./options.ts";
import { tlsSecretsOf } from "./tls-secrets.ts";

function object(kind: string, name: string, spec: object, annotations: object = {}): readonly [string, KubeObject] {
  const metadata = { name, namespace: "shop", annotations };
  return [`shop/${name}`, { apiVersion: "v1", kind, metadata, spec } as unknown as KubeObject];
}

test("the Secrets of spec.tls are those of what the router serves, each once", () => {
  const tls = [{ hosts: ["a.example.org"], secretName: "one" }, { hosts: ["b.example.org"] }, { secretName: "" }];
  const world = {
    ingresses: new Map([
      object("Ingress", "a", { tls }),
      object("Ingress", "again", { tls }),
      object("Ingress", "none", {}),
      object("Ingress", "other", { ingressClassName: "nginx", tls: [{ secretName: "two" }] }),
      object("Ingress", "ours", { ingressClassName: "holdfast", tls: [{ secretName: "three" }] }),
      object("Ingress", "broken", { tls: "none" }),
    ]),
    routeGroups: new Map([
      object("RouteGroup", "g", { tls: [{ hosts: [], secretName: "four" }] }),
      object("RouteGroup", "h", { tls: [{ secretName: "five" }] }, { "zalando.org/routegroup.class": "other" }),
    ]),
    ingressClasses: new Map(),
  };
  deepEqual(
    [...tlsSecretsOf(world, defaultConvertOptions)],
    [
      ["shop/one", "Ingress shop/again"],
      ["shop/three", "Ingress shop/ours"],
      ["shop/four", "RouteGroup shop/g"],
    ],
  );
});
