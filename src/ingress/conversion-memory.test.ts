import { deepEqual, equal, notEqual } from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import type { KubeObject } from "../kube/index.ts";
import { standardRegistry } from "../route/index.ts";
import { ConversionMemory } from "./conversion-memory.ts";
import { convert } from "./convert.ts";
import { type ConvertOptions, defaultConvertOptions } from "./options.ts";
import { READY } from "./testing/converting.ts";
import { ingress, kubeObject, service, slice, worldOf } from "./testing/objects.ts";

const FILTER = "zalando.org/skipper-filter";
const ROUTES = "zalando.org/skipper-routes";
const PREDICATE = "zalando.org/skipper-predicate";

function group(name: string, host: string, serviceName: string): KubeObject {
  const backends = [{ name: "b", type: "service", serviceName, servicePort: 80 }];
  const spec = { hosts: [host], backends, defaultBackends: [{ backendName: "b" }], routes: [{ pathSubtree: "/group" }] };
  return { ...kubeObject("RouteGroup", name, { spec }), apiVersion: "zalando.org/v1" };
}

/** Versions of objects that get in each other's way: ids and hosts that collide, Services that come, go and change, what cannot be read. */
const VERSIONS: readonly (() => KubeObject)[] = [
  () => ingress("a-b", "example.org", { "/": "web" }),
  () => ingress("a-b", "example.org", { "/": "web", "/api": "api" }, { [FILTER]: 'setPath("/x")' }),
  () => ingress("a.b", "example.org", { "/": "web" }),
  () => ingress("a.b", "other.example.org", { "/": "external", "/x": "gone" }),
  () => ingress("c", "example.org", { "/c": "api" }, { [FILTER]: "setPath(" }),
  () => ingress("c", "example.org", { "/c": "api" }, { [PREDICATE]: 'NoSuchPredicate("x")' }),
  () => ingress("c", "example.org", { "/c": "api" }, { [ROUTES]: 'own: Method("GET") -> <shunt>; Path("/c/d") -> <shunt>;' }),
  () => ingress("d", "", { "/": "web" }),
  () => group("a-b", "example.org", "web"),
  () => group("g", "group.example.org", "gone"),
  () => kubeObject("RouteGroup", "g", { spec: { hosts: ["group.example.org"], backends: 5 } }),
  () => service("web"),
  () => service("web", { ports: [{ name: "http", port: 8080, targetPort: 8080 }] }),
  () => service("web", { ports: [{ name: "http", port: 80, targetPort: 8080, appProtocol: "https" }] }),
  () => service("api"),
  () => service("external", { type: "ExternalName", externalName: "one.example.net" }),
  () => service("external", { type: "ExternalName", externalName: "two.example.net" }),
  () => slice("w", "web", READY),
  () => slice("w", "web", { "10.0.0.9": {} }),
  () => slice("v", "api", READY),
  () => kubeObject("IngressClass", "other", { spec: { controller: "example.org/other" } }),
];

const OPTIONS: readonly Partial<ConvertOptions>[] = [
  {},
  { externalNames: true, httpsRedirect: true, eastWestDomain: "cluster.example" },
  { dropUnreadable: true, httpsRedirectCode: 301, protocols: ["http", "https"] },
];

describe("conversion with a memory", () => {
  it("gives after any sequence of changes what a conversion of all gives", () => {
    const step = fc.record({ version: fc.nat(VERSIONS.length - 1), isGone: fc.boolean() });
    fc.assert(
      fc.property(
        fc.constantFrom(...OPTIONS),
        fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { maxLength: 12 }),
        (own, batches) => {
          const options = { ...defaultConvertOptions, ...own };
          const memory = new ConversionMemory();
          const objects = new Map<string, KubeObject>();
          for (const batch of batches) {
            for (const { version, isGone } of batch) {
              const object = VERSIONS[version]?.();
              if (object === undefined) continue;
              const key = `${object.kind} ${object.metadata.name}`;
              if (isGone) objects.delete(key);
              else objects.set(key, object);
            }
            const world = worldOf([...objects.values()]);
            deepEqual(convert(world, options, standardRegistry, memory), convert(world, options, standardRegistry));
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it("makes no new routes of objects that did not change, and new ones of those whose Service did", () => {
    const memory = new ConversionMemory();
    const [one, two, web, api] = [
      ingress("a", "a.org", { "/": "web" }),
      ingress("b", "b.org", { "/": "api" }),
      service("web"),
      service("api"),
    ];
    const routesOf = (objects: readonly KubeObject[]): readonly unknown[] =>
      convert(worldOf(objects), defaultConvertOptions, standardRegistry, memory).routeSet.routes;
    const [ofOne, ofTwo] = routesOf([one, two, web, api]);
    const withoutApi = routesOf([one, two, web, slice("w", "web", READY)]);
    equal(withoutApi[0], ofOne);
    notEqual(withoutApi[1], ofTwo);
  });

  it("makes no new pool of a Service and slices that did not change, and no new 404 of a host whose routes did not", () => {
    const memory = new ConversionMemory();
    const standing = [group("g", "g.org", "web"), service("web"), slice("w", "web", READY), service("api")];
    const convertWith = (...objects: readonly KubeObject[]): ReturnType<typeof convert>["routeSet"] =>
      convert(worldOf([...standing, ...objects]), defaultConvertOptions, standardRegistry, memory).routeSet;
    const before = convertWith(slice("v", "api", READY));
    const after = convertWith(slice("v", "api", { "10.0.0.9": {} }), ingress("b", "b.org", { "/": "api" }));
    const poolOf = ({ pools }: typeof before): unknown => pools.find(({ id }) => id.includes("web"));
    notEqual(poolOf(before), undefined);
    equal(poolOf(after), poolOf(before));
    for (const route of before.routes) equal(after.routes.includes(route), true, route.id);
    deepEqual([before.routes.length, before.routes.some(({ id }) => id.includes("catchall"))], [2, true]);
    const changed = convertWith(slice("w2", "web", { "10.0.0.9": {} }));
    notEqual(poolOf(changed), poolOf(before));
  });

  it("forgets all when it is asked with other options", () => {
    const memory = new ConversionMemory();
    const world = worldOf([ingress("a", "a.org", { "/": "web" }), service("web")]);
    convert(world, defaultConvertOptions, standardRegistry, memory);
    const options = { ...defaultConvertOptions, httpsRedirect: true, algorithm: "random" as const };
    deepEqual(convert(world, options, standardRegistry, memory), convert(world, options, standardRegistry));
  });
});
