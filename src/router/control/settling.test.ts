import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";

import { IncrementalConversion, type ObjectChange, defaultConvertOptions } from "../../ingress/index.ts";
import { ingress, service, slice } from "../../ingress/testing/objects.ts";
import type { KubeObject } from "../../kube/index.ts";
import { type Pool, type RouteDefinition, standardRegistry } from "../../route/index.ts";
import { SettlingChanges } from "./settling.ts";

/** A cluster whose changes settle on their way to who serves them. */
class Settled {
  readonly routes = new Map<string, RouteDefinition>();
  readonly pools = new Map<string, Pool>();
  readonly #conversion = new IncrementalConversion(defaultConvertOptions, standardRegistry);
  readonly #settling = new SettlingChanges();

  get isSettled(): boolean {
    return this.#settling.isSettled;
  }

  put(...objects: readonly KubeObject[]): void {
    this.#apply(objects.map((object) => changeOf(object, false)));
  }

  remove(...objects: readonly KubeObject[]): void {
    this.#apply(objects.map((object) => changeOf(object, true)));
  }

  /** Time passes. */
  settle(): void {
    this.#apply([], true);
    ok(this.isSettled);
  }

  /** The endpoints of each route for a host. */
  answers(host: string): string {
    const routes = [...this.routes.values()].filter(({ predicates }) => String(predicates[0]?.args[0]).includes(host.replace(".", "[.]")));
    const pools = routes.flatMap(({ backend }) => (backend.type === "pool" ? [this.pools.get(backend.pool)] : []));
    return pools.map((pool) => pool?.endpoints.map(({ address }) => address.slice(7, -5)).join("+") || "nobody").join(" ");
  }

  expected(): { readonly routes: readonly RouteDefinition[]; readonly pools: readonly Pool[] } {
    return this.#conversion.converted.routeSet;
  }

  #apply(changes: readonly ObjectChange[], isDue = false): void {
    const { routes, pools } = this.#settling.pass(this.#conversion.apply(changes), isDue);
    for (const id of routes.removed) this.routes.delete(id);
    for (const route of routes.changed) this.routes.set(route.id, route);
    for (const id of pools.removed) this.pools.delete(id);
    for (const pool of pools.changed) this.pools.set(pool.id, pool);
  }
}

function changeOf(object: KubeObject, isGone: boolean): ObjectChange {
  return { kind: object.kind as ObjectChange["kind"], key: `shop/${object.metadata.name}`, object: isGone ? undefined : object };
}

const host = "example.org";
const toWeb = ingress("web", host, { "/": "web" });
const one = slice("one", "web", { "10.0.0.1": {} });
const two = slice("two", "web", { "10.0.0.2": {} });

function serving(): Settled {
  const settled = new Settled();
  settled.put(toWeb, service("web"), one);
  ok(settled.isSettled);
  equal(settled.answers(host), "10.0.0.1");
  return settled;
}

test("a change that makes nothing worse passes at once", () => {
  const settled = serving();
  settled.put(ingress("web", host, { "/": "web" }, { "zalando.org/skipper-filter": 'setPath("/x")' }), two);
  ok(settled.isSettled);
  equal(settled.answers(host), "10.0.0.1+10.0.0.2");
  equal([...settled.routes.values()][0]?.filters[0]?.name, "setPath");
});

test("an Ingress that goes to another Service is served as it was until that has endpoints", () => {
  const settled = serving();
  settled.put(ingress("web", host, { "/": "api" }));
  equal(settled.answers(host), "10.0.0.1");
  settled.put(service("api"));
  equal(settled.answers(host), "10.0.0.1");
  settled.put(slice("three", "api", { "10.0.0.3": {} }));
  equal(settled.answers(host), "10.0.0.3");
  ok(settled.isSettled);
});

test("all routes of an object wait together, as back ends share requests by weight", () => {
  const settled = serving();
  const weights = { "zalando.org/backend-weights": '{"web": 50, "api": 50}' };
  const rule = (...names: readonly string[]): object => ({
    host,
    http: { paths: names.map((name) => ({ path: "/", pathType: "Prefix", backend: { service: { name, port: { number: 80 } } } })) },
  });
  const shared = { ...toWeb, metadata: { ...toWeb.metadata, annotations: weights }, spec: { rules: [rule("web", "api")] } };
  settled.put(shared);
  equal(settled.routes.size, 1);
  settled.put(service("api"), slice("three", "api", { "10.0.0.3": {} }));
  equal(settled.answers(host), "10.0.0.1 10.0.0.3");
});

test("what nothing comes for is handed out when it is due, and is no news then", () => {
  const settled = serving();
  settled.put(ingress("web", host, { "/": "gone" }));
  settled.settle();
  equal(settled.answers(host), "nobody");
  settled.put(ingress("web", host, { "/": "gone", "/more": "gone" }));
  ok(settled.isSettled);
  equal(settled.routes.size, 2);
});

test("pods that are replaced slice by slice leave no moment without endpoints; the last that goes does", () => {
  const settled = serving();
  settled.remove(one);
  equal(settled.answers(host), "10.0.0.1");
  settled.put(two);
  equal(settled.answers(host), "10.0.0.2");
  ok(settled.isSettled);
  settled.remove(two);
  settled.settle();
  equal(settled.answers(host), "nobody");
});

test("a host that moves to another object is served all the way, whichever is seen first", () => {
  const settled = serving();
  settled.remove(toWeb);
  equal(settled.answers(host), "10.0.0.1");
  settled.put(ingress("moved", host, { "/": "web" }));
  settled.settle();
  deepEqual([...settled.routes.keys()], ["kube_shop__moved__example_org_____web"]);
  equal(settled.answers(host), "10.0.0.1");
});

test("a route in the place of another of its object has that go at once", () => {
  const settled = serving();
  settled.put(service("api"), slice("three", "api", { "10.0.0.3": {} }), ingress("web", host, { "/": "api" }));
  equal(settled.answers(host), "10.0.0.3");
  ok(settled.isSettled);
});

test("a Service that is replaced, gone and there again, is not seen", () => {
  const settled = serving();
  settled.remove(service("web"));
  equal(settled.answers(host), "10.0.0.1");
  settled.put(service("web"));
  equal(settled.answers(host), "10.0.0.1");
  settled.settle();
  equal(settled.answers(host), "10.0.0.1");
});

const VERSIONS: readonly KubeObject[] = [
  toWeb,
  ingress("web", host, { "/": "api" }),
  ingress("web", host, { "/": "web", "/api": "api" }),
  ingress("other", host, { "/": "web" }),
  ingress("we.b", host, { "/": "api" }),
  ingress("we-b", host, { "/": "web" }),
  service("web"),
  service("web", { ports: [{ name: "http", port: 8080 }] }),
  service("api"),
  one,
  two,
  slice("two", "api", { "10.0.0.3": {} }),
  slice("two", "api", {}),
];

test("whatever happens, every route that is served has its pool, and what settled is what there is", () => {
  const step = fc.record({ version: fc.constantFrom(...VERSIONS), isGone: fc.boolean(), isDue: fc.nat(5).map((value) => value === 0) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const settled = new Settled();
      for (const { version, isGone, isDue } of steps) {
        if (isGone) settled.remove(version);
        else settled.put(version);
        if (isDue) settled.settle();
        for (const { id, backend } of settled.routes.values()) {
          ok(backend.type !== "pool" || settled.pools.has(backend.pool), `${id} has its pool`);
        }
        if (!settled.isSettled) continue;
        const { routes, pools } = settled.expected();
        deepEqual(settled.routes, new Map(routes.map((route) => [route.id, route])));
        deepEqual(settled.pools, new Map(pools.map((pool) => [pool.id, pool])));
      }
    }),
    { numRuns: 300 },
  );
});
