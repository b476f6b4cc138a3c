import { deepEqual, equal, ok } from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import type { KubeObject } from "../kube/index.ts";
import { type Pool, type RouteDefinition, standardRegistry } from "../route/index.ts";
import { convert } from "./convert.ts";
import type { ConversionChange } from "./converted.ts";
import { IncrementalConversion } from "./incremental-conversion.ts";
import { type ConvertOptions, defaultConvertOptions } from "./options.ts";
import { READY } from "./testing/converting.ts";
import { ingress, keyOf, kubeObject, service, slice, worldOf } from "./testing/objects.ts";
import type { ObjectChange, ObjectProblem } from "./world.ts";

const FILTER = "zalando.org/skipper-filter";
const ROUTES = "zalando.org/skipper-routes";
const PREDICATE = "zalando.org/skipper-predicate";

function group(
  name: string,
  hosts: readonly string[],
  serviceName: string,
  routes: readonly object[] = [{ pathSubtree: "/group" }],
): KubeObject {
  const backends = [{ name: "b", type: "service", serviceName, servicePort: 80 }];
  return kubeObject("RouteGroup", name, { spec: { hosts, backends, defaultBackends: [{ backendName: "b" }], routes } });
}

/** An Ingress that leaves the rest of its host to a 404. */
function partial(name: string, host: string, path: string, className?: string): KubeObject {
  const backend = { service: { name: "web", port: { number: 80 } } };
  const rules = [{ host, http: { paths: [{ path, pathType: "ImplementationSpecific", backend }] } }];
  return kubeObject("Ingress", name, { spec: { rules, ...(className === undefined ? {} : { ingressClassName: className }) } });
}

function ingressClass(name: string, controller: string, isDefault = false): KubeObject {
  const annotations = isDefault ? { "ingressclass.kubernetes.io/is-default-class": "true" } : {};
  return kubeObject("IngressClass", name, { spec: { controller } }, { annotations });
}

/** The kind by which a change tells of a slice that was taken back without proof. */
const WITHDRAWN = "WithdrawnEndpointSlice";
const held = (name: string): object => ({ targetRef: { namespace: "shop", name } });

/** Versions of objects that get in each other's way: ids and hosts that collide, Services that come, go and change, what cannot be read. */
const VERSIONS: readonly (() => KubeObject)[] = [
  () => ingress("a-b", "example.org", { "/": "web" }),
  () => ingress("a-b", "example.org", { "/": "web", "/api": "api" }, { [FILTER]: 'setPath("/x")' }),
  () => ingress("a.b", "example.org", { "/": "web" }),
  () => ingress("a.b", "example.org", { "/": "web", "/a-b": "web", "/a.b": "web" }),
  () => ingress("a.b", "other.example.org", { "/": "external", "/x": "gone" }),
  () => ingress("a_b", "example.org", { "/": "web" }),
  () => ingress("c", "example.org", { "/c": "api" }, { [FILTER]: "setPath(" }),
  () => ingress("c", "example.org", { "/c": "api" }, { [PREDICATE]: 'NoSuchPredicate("x")' }),
  () => ingress("c", "example.org", { "/c": "api" }, { [ROUTES]: 'own: Method("GET") -> <shunt>; Path("/c/d") -> <shunt>;' }),
  () => ingress("d", "", { "/": "web" }),
  () => partial("e", "a-b.example.org", "/e"),
  () => partial("e", "a-b.example.org", "/e", "ours"),
  () => partial("f", "a.b.example.org", "/f"),
  () => partial("f", "a-b.example.org", "/"),
  () => kubeObject("Ingress", "f", { spec: { rules: [{ host: "-", http: { paths: [] } }] } }),
  () => group("a-b", ["example.org"], "web"),
  () => group("g", ["group.example.org", "a-b.example.org"], "gone"),
  () => group("g", ["a.b.example.org"], "web", [{ path: "/x", predicates: ["Method("] }]),
  () => kubeObject("RouteGroup", "g", { spec: { hosts: ["group.example.org"], backends: 5 } }),
  () => kubeObject("RouteGroup", "g", { spec: 5 }),
  () => service("web"),
  () => service("web", { ports: [{ name: "http", port: 8080, targetPort: 8080 }] }),
  () => service("web", { ports: [{ name: "http", port: 80, targetPort: 8080, appProtocol: "https" }] }),
  () => service("web", { ports: "none" }),
  () => service("api"),
  () => service("external", { type: "ExternalName", externalName: "one.example.net" }),
  () => service("external", { type: "ExternalName", externalName: "two.example.net" }),
  () => slice("w", "web", READY),
  () => slice("w", "web", { "10.0.0.9": held("one") }),
  () => slice("w2", "web", { "10.0.0.9": held("one"), "10.0.0.3": {} }),
  () => ({ ...slice("w2", "web", READY), ports: [{ name: "http", port: 8080, appProtocol: "h2c" }] }) as KubeObject,
  () => slice("w", "api", { "10.0.0.9": held("two") }),
  () => slice("v", "api", READY),
  () => kubeObject("EndpointSlice", "v", { ports: 5 }),
  () => ({ ...slice("x", "web", { "10.0.0.9": held("one"), "10.0.0.7": held("three") }), kind: WITHDRAWN }),
  () => ({ ...slice("y", "api", { "10.0.0.9": held("two") }), kind: WITHDRAWN }),
  () => ingressClass("other", "example.org/other", true),
  () => ingressClass("other", "holdfast.dev/router"),
  () => ingressClass("ours", "holdfast.dev/router", true),
  () => ingressClass("ours", "example.org/other"),
  () => kubeObject("IngressClass", "ours", { spec: 5 }),
];

const OPTIONS: readonly Partial<ConvertOptions>[] = [
  {},
  { externalNames: true, httpsRedirect: true, eastWestDomain: "cluster.example" },
  { dropUnreadable: true, httpsRedirectCode: 301, protocols: ["http", "https"] },
];

/** What somebody has who was told of all changes. */
class Told {
  readonly routes = new Map<string, RouteDefinition>();
  readonly pools = new Map<string, Pool>();
  readonly problems = new Map<string, readonly ObjectProblem[]>();

  take({ routes, pools, problems }: ConversionChange): void {
    const changed = new Set<string>();
    for (const change of routes.values()) {
      for (const { id } of change.removed) ok(this.routes.delete(id), `${id} is removed once`);
    }
    for (const change of routes.values()) {
      for (const route of change.changed) {
        ok(!changed.has(route.id), `${route.id} is another's`);
        changed.add(route.id);
        this.routes.set(route.id, route);
      }
    }
    for (const id of pools.removed) ok(this.pools.delete(id), `${id} is removed once`);
    for (const pool of pools.changed) this.pools.set(pool.id, pool);
    for (const [name, now] of problems) this.problems.set(name, now);
  }
}

describe("conversion of changes", () => {
  it("comes to the same as a conversion of all at once, whatever came before", () => {
    const step = fc.record({ version: fc.nat(VERSIONS.length - 1), isGone: fc.boolean() });
    fc.assert(
      fc.property(
        fc.constantFrom(...OPTIONS),
        fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { maxLength: 15 }),
        (own, batches) => {
          const options = { ...defaultConvertOptions, ...own };
          const conversion = new IncrementalConversion(options, standardRegistry);
          const objects = new Map<string, KubeObject>();
          const told = new Told();
          for (const batch of batches) {
            const changes: ObjectChange[] = [];
            for (const { version, isGone } of batch) {
              const object = VERSIONS[version]?.();
              if (object === undefined) continue;
              const name = `${object.kind} ${keyOf(object)}`;
              if (isGone) objects.delete(name);
              else objects.set(name, object);
              changes.push({ kind: object.kind as ObjectChange["kind"], key: keyOf(object), object: isGone ? undefined : object });
            }
            told.take(conversion.apply(changes));
            const all = [...objects.values()];
            const withdrawn = all.flatMap((object) => (object.kind === WITHDRAWN ? { ...object, kind: "EndpointSlice" } : []));
            const expected = convert(worldOf(all, withdrawn), options, standardRegistry);
            deepEqual(conversion.converted, expected);
            const { routes, pools } = expected.routeSet;
            const own = routes.filter(({ id }) => id !== "kube__redirect");
            deepEqual(told.routes, new Map(own.map((route) => [route.id, route])));
            deepEqual(told.pools, new Map(pools.map((pool) => [pool.id, pool])));
            deepEqual(new Set([...told.problems.values()].flat()), new Set(expected.problems));
          }
          const nothing = conversion.apply([]);
          deepEqual([nothing.routes.size, nothing.pools, nothing.problems.size], [0, { changed: [], removed: [] }, 0]);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("touches what changed alone: a route whose filter is another, a pool whose slice is another", () => {
    const conversion = new IncrementalConversion(defaultConvertOptions, standardRegistry);
    const put = (...objects: readonly KubeObject[]): ConversionChange =>
      conversion.apply(objects.map((object) => ({ kind: object.kind as ObjectChange["kind"], key: keyOf(object), object })));
    put(ingress("a", "a.org", { "/": "web" }), ingress("b", "b.org", { "/": "web" }), service("web"), slice("w", "web", READY));
    const filtered = put(ingress("a", "a.org", { "/": "web" }, { [FILTER]: 'setPath("/x")' }));
    deepEqual([...filtered.routes.keys()], ["Ingress shop/a"]);
    deepEqual(filtered.pools, { changed: [], removed: [] });
    const moved = put(slice("w", "web", { "10.0.0.9": {} }));
    equal(moved.routes.size, 0);
    deepEqual(
      moved.pools.changed.map(({ id }) => id),
      ["shop/web/http"],
    );
    const labelled = put({ ...service("web"), metadata: { namespace: "shop", name: "web", labels: { a: "b" } } });
    deepEqual([labelled.routes.size, labelled.pools], [0, { changed: [], removed: [] }]);
  });

  it("keeps nothing of what is gone", () => {
    const conversion = new IncrementalConversion(defaultConvertOptions, standardRegistry);
    const objects = [ingress("a", "a.org", { "/": "gone" }), group("g", ["a.org"], "web"), service("web"), slice("w", "web", READY)];
    const changes = (isGone: boolean): readonly ObjectChange[] =>
      objects.map((object) => ({ kind: object.kind as ObjectChange["kind"], key: keyOf(object), object: isGone ? undefined : object }));
    const { problems } = conversion.apply(changes(false));
    deepEqual([...problems.keys()], ["Ingress shop/a"]);
    const gone = conversion.apply(changes(true));
    deepEqual(gone.problems, new Map([["Ingress shop/a", []]]));
    deepEqual(conversion.converted, new IncrementalConversion(defaultConvertOptions, standardRegistry).converted);
  });
});
