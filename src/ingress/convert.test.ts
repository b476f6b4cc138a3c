import { deepEqual, equal, match, ok } from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import type { KubeObject } from "../kube/index.ts";
import { type RouteDefinition, compileTable, rehearse, standardRegistry } from "../route/index.ts";
import { type Converted, convert } from "./convert.ts";
import { type ConvertOptions, defaultConvertOptions } from "./options.ts";
import { ingress, kubeObject, service, slice, worldOf } from "./testing/objects.ts";
import { blame } from "./validate.ts";

const READY = { "10.0.0.1": {}, "10.0.0.2": {} };

function run(objects: readonly KubeObject[], options: Partial<ConvertOptions> = {}, withdrawn: readonly KubeObject[] = []): Converted {
  return convert(worldOf(objects, withdrawn), { ...defaultConvertOptions, ...options });
}

function endpoints(converted: Converted, pool = "shop/web/http"): readonly string[] | undefined {
  return converted.routeSet.pools
    .find((candidate) => candidate.id === pool)
    ?.endpoints.map((endpoint) => `${endpoint.address} ${endpoint.tier}`);
}

/** The pool or kind of back end that answers, `broken` for a route that answers 503 by itself, or `none`. */
function answer(converted: Converted, host: string, path: string, chance = 0, headers: readonly string[] = []): string {
  const { table, problems } = compileTable(converted.routeSet, standardRegistry);
  deepEqual(blame(converted, problems), []);
  const request = {
    method: "GET",
    scheme: "http" as const,
    path,
    query: "",
    headers: ["Host", host, ...headers],
    clientAddress: "192.0.2.1",
    chance,
  };
  const rehearsal = rehearse(table, request);
  if (!("route" in rehearsal)) return "none";
  if (rehearsal.outcome === "broken") return "broken";
  return rehearsal.route.backend.type === "pool" ? rehearsal.route.backend.pool : rehearsal.route.backend.type;
}

describe("an Ingress", () => {
  it("sends its hosts and paths to the pools of Services, by port number or name", () => {
    const named = kubeObject("Ingress", "named", {
      spec: {
        rules: [
          {
            host: "*.example.org",
            http: { paths: [{ path: "/a/:b", pathType: "Exact", backend: { service: { name: "api", port: { name: "http" } } } }] },
          },
        ],
      },
    });
    const converted = run([ingress("web", "example.org", { "/": "web", "/api": "api" }), named, service("web"), service("api")]);
    deepEqual(converted.problems, []);
    equal(answer(converted, "example.org", "/x"), "shop/web/http");
    equal(answer(converted, "example.org", "/api/x"), "shop/api/http");
    equal(answer(converted, "EXAMPLE.org:8080", "/apix"), "shop/web/http");
    equal(answer(converted, "one.example.org", "/a/:b"), "shop/api/http");
    equal(answer(converted, "one.example.org", "/a/c"), "none");
    equal(answer(converted, "one.two.example.org", "/a/:b"), "none");
  });

  it("shares a path among Services by weight, and a Service that is missing costs its own share only", () => {
    const object = kubeObject(
      "Ingress",
      "split",
      {
        spec: {
          rules: [
            {
              host: "example.org",
              http: {
                paths: ["one", "two", "none"].map((name) => ({
                  path: "/",
                  pathType: "Prefix",
                  backend: { service: { name, port: { number: 80 } } },
                })),
              },
            },
          ],
        },
      },
      { annotations: { "zalando.org/backend-weights": '{"one": 30, "two": 70, "none": 0}' } },
    );
    const converted = run([object, service("one"), slice("one-a", "one", READY)]);
    equal(answer(converted, "example.org", "/", 0.29), "shop/one/http");
    equal(answer(converted, "example.org", "/", 0.3), "shop/two/80/missing");
    deepEqual(endpoints(converted, "shop/two/80/missing"), []);
    equal(endpoints(converted, "shop/one/http")?.length, 2);
    deepEqual(
      converted.problems.map(({ kind, namespace, name, code, effect, message }) => [kind, namespace, name, code, effect, message]),
      [["Ingress", "shop", "split", "INGRESS_SERVICE", "partial", "spec.rules[0].http.paths[1].backend: there is no Service shop/two"]],
    );
  });

  it("leaves what its rules do not take to the default back end", () => {
    const object = kubeObject("Ingress", "default", { spec: { defaultBackend: { service: { name: "web", port: { number: 80 } } } } });
    const converted = run([object, ingress("api", "example.org", { "/api": "api" }), service("web"), service("api")]);
    equal(answer(converted, "other.org", "/"), "shop/web/http");
    equal(answer(converted, "example.org", "/x"), "shop/web/http");
    equal(answer(converted, "example.org", "/api"), "shop/api/http");
  });

  it("is dropped alone when it cannot be used, with the field that is wrong", () => {
    const bad: readonly (readonly [KubeObject, RegExp])[] = [
      [kubeObject("Ingress", "bad", { spec: { rules: [{ host: "a b" }] } }), /^spec\.rules\[0\]\.host: expected a host name/],
      [kubeObject("Ingress", "bad", { spec: "x" }), /^spec: expected an object, got "x"$/],
      [
        kubeObject("Ingress", "bad", { spec: { rules: [{ http: { paths: [{ path: "x", pathType: "Exact", backend: {} }] } }] } }),
        /^spec\.rules\[0\]\.http\.paths\[0\]\.path: expected a path that starts with "\/"/,
      ],
    ];
    for (const [object, message] of bad) {
      const converted = run([object, ingress("good", "example.org", { "/": "web" }), service("web")]);
      equal(answer(converted, "example.org", "/"), "shop/web/http");
      equal(converted.problems.length, 1);
      const [problem] = converted.problems;
      equal(problem?.effect, "dropped");
      equal(`${problem?.namespace}/${problem?.name}`, "shop/bad");
      match(problem?.message ?? "", message);
    }
  });

  it("answers 503 itself when an annotation cannot be read, so that no broader route takes its traffic", () => {
    const bad: readonly (readonly [string, string, RegExp])[] = [
      ["skipper-filter", "status(", /^metadata\.annotations\["zalando\.org\/skipper-filter"\], line 1, column 8: /],
      ["skipper-predicate", 'Method("GET"', /^metadata\.annotations\["zalando\.org\/skipper-predicate"\], line 1, column 13: /],
      ["skipper-routes", 'Path("/a") ->', /skipper-routes/],
      ["backend-weights", "{", /backend-weights/],
      ["skipper-loadbalancer", "best", /expected one of roundRobin, /],
      ["skipper-ingress-path-mode", "best", /expected one of kubernetes-ingress, /],
      ["skipper-ingress-redirect-code", "200", /expected a status from 300 to 399/],
    ];
    const broad = kubeObject("Ingress", "broad", { spec: { defaultBackend: { service: { name: "web", port: { number: 80 } } } } });
    for (const [name, text, message] of bad) {
      const object = ingress("bad", "example.org", { "/api": "api" }, { [`zalando.org/${name}`]: text });
      const converted = run([broad, object, ingress("good", "example.org", { "/": "web" }), service("web"), service("api")]);
      equal(answer(converted, "example.org", "/api/x"), "broken", name);
      equal(answer(converted, "example.org", "/x"), "shop/web/http", name);
      equal(answer(converted, "other.org", "/api/x"), "shop/web/http", name);
      deepEqual(
        converted.problems.map((problem) => [`${problem.namespace}/${problem.name}`, problem.effect]),
        [["shop/bad", "partial"]],
      );
      match(converted.problems[0]?.message ?? "", message);
      const alone = run([broad, object, service("web"), service("api")]);
      equal(answer(alone, "example.org", "/api/x"), "broken", name);
      const dropped = run([broad, object, service("web"), service("api")], { dropUnreadable: true });
      equal(answer(dropped, "example.org", "/api/x"), "shop/web/http", name);
      equal(dropped.problems[0]?.effect, "dropped");
    }
  });

  it("keeps to the predicates that can be read when its filters cannot", () => {
    const canary = ingress(
      "canary",
      "example.org",
      { "/": "api" },
      { "zalando.org/skipper-predicate": 'Header("X-Canary", "1")', "zalando.org/skipper-filter": "status(" },
    );
    const converted = run([canary, ingress("web", "example.org", { "/": "web" }), service("web"), service("api")]);
    equal(answer(converted, "example.org", "/", 0, ["X-Canary", "1"]), "broken");
    equal(answer(converted, "example.org", "/"), "shop/web/http");
  });

  it("leaves its host and path to another object that has the same when its own predicates cannot be read", () => {
    const canary = ingress("canary", "example.org", { "/": "api" }, { "zalando.org/skipper-predicate": 'Header("X-Canary"' });
    const converted = run([canary, ingress("web", "example.org", { "/": "web" }), service("web"), service("api")]);
    equal(answer(converted, "example.org", "/x"), "shop/web/http");
  });

  it("says 503, not 404, of what it may have at its host when its predicates cannot be read", () => {
    const old = kubeObject(
      "Ingress",
      "old",
      {
        spec: {
          rules: [{ host: "example.org", http: { paths: [{ path: "/a", backend: { service: { name: "web", port: { number: 80 } } } }] } }],
        },
      },
      { annotations: { "zalando.org/skipper-predicate": "Header(" } },
    );
    const converted = run([old, service("web")]);
    equal(answer(converted, "example.org", "/a"), "broken");
    equal(answer(converted, "example.org", "/b"), "broken");
    equal(answer(converted, "other.org", "/a"), "none");
  });

  it("takes nothing without a host when its predicates cannot be read: it would be 503 for everybody", () => {
    const broad = kubeObject(
      "Ingress",
      "broad",
      { spec: { defaultBackend: { service: { name: "web", port: { number: 80 } } } } },
      { annotations: { "zalando.org/skipper-predicate": "Header(" } },
    );
    const converted = run([broad, service("web")]);
    equal(answer(converted, "example.org", "/"), "none");
    equal(converted.problems[0]?.effect, "partial");
  });

  it("adds the filters, predicates and routes of its annotations", () => {
    const converted = run([
      ingress(
        "web",
        "example.org",
        { "/": "web" },
        {
          "zalando.org/skipper-filter": 'setRequestHeader("X", "y")',
          "zalando.org/skipper-predicate": 'Method("GET")',
          "zalando.org/skipper-routes": 'Path("/health") -> status(204) -> <shunt>; Path("/docs") -> <shunt>',
          "zalando.org/skipper-loadbalancer": "random",
        },
      ),
      service("web"),
    ]);
    deepEqual(converted.problems, []);
    equal(answer(converted, "example.org", "/health"), "shunt");
    const route = converted.routeSet.routes.find((candidate) => candidate.backend.type === "pool");
    deepEqual(route?.filters, [{ name: "setRequestHeader", args: ["X", "y"] }]);
    ok(route?.predicates.some((call) => call.name === "Method"));
    deepEqual(route?.backend, { type: "pool", pool: "shop/web/http", algorithm: "random" });
  });

  it("tells of a custom route that can never match its rule's path", () => {
    const converted = run([
      ingress("web", "example.org", { "/a": "web" }, { "zalando.org/skipper-routes": 'Path("/b") -> <shunt>' }),
      service("web"),
    ]);
    match(converted.problems[0]?.message ?? "", /Path\("\/b"\) of skipper-routes is not below \/a/);
  });

  it("is served by its class: named, by controller, or the default", () => {
    const classed = (name: string | undefined, annotations: object = {}): KubeObject => {
      const object = ingress("web", "example.org", { "/": "web" }, { ...annotations });
      return {
        ...object,
        spec: { ...(object as unknown as { readonly spec: object }).spec, ...(name === undefined ? {} : { ingressClassName: name }) },
      } as KubeObject;
    };
    const ingressClass = (name: string, controller: string, isDefault = false): KubeObject => ({
      ...kubeObject(
        "IngressClass",
        name,
        { spec: { controller } },
        { annotations: isDefault ? { "ingressclass.kubernetes.io/is-default-class": "true" } : {} },
      ),
    });
    const served = (...objects: readonly KubeObject[]): boolean => answer(run([...objects, service("web")]), "example.org", "/") !== "none";
    equal(served(classed(undefined)), true);
    const unreadable = run([classed("edge"), kubeObject("IngressClass", "edge", { spec: 1 }), service("web")]);
    deepEqual(
      unreadable.problems.map(({ kind, effect, message }) => [kind, effect, message]),
      [["IngressClass", "ignored", "spec: expected an object, got 1"]],
    );
    equal(served(classed("holdfast")), true);
    equal(served(classed("nginx")), false);
    equal(served(classed(undefined, { "kubernetes.io/ingress.class": "nginx" })), false);
    equal(served(classed("edge"), ingressClass("edge", "holdfast.dev/router")), true);
    equal(served(classed("edge"), ingressClass("edge", "k8s.io/ingress-nginx")), false);
    equal(served(classed(undefined), ingressClass("nginx", "k8s.io/ingress-nginx", true)), false);
    equal(
      served(classed(undefined), ingressClass("nginx", "k8s.io/ingress-nginx", true), ingressClass("edge", "holdfast.dev/router", true)),
      true,
    );
  });
});

describe("a RouteGroup", () => {
  const group = (spec: object): KubeObject => kubeObject("RouteGroup", "group", { spec: { hosts: ["example.org"], ...spec } });
  const web = { name: "web", type: "service", serviceName: "web", servicePort: 80 };

  it("has back ends of every kind, methods, predicates and filters", () => {
    const converted = run([
      group({
        backends: [
          web,
          { name: "away", type: "network", address: "http://away.test" },
          { name: "stop", type: "shunt" },
          { name: "lb", type: "lb", algorithm: "random", endpoints: ["http://a.test", "http://b.test"] },
        ],
        defaultBackends: [{ backendName: "web" }],
        routes: [
          { pathSubtree: "/" },
          { path: "/away", methods: ["get", "GET", "post"], backends: [{ backendName: "away" }] },
          {
            pathRegexp: "^/stop",
            filters: ["status(410)", 'comment("x") -> comment("y")'],
            predicates: ['Header("a", "b") && True()'],
            backends: [{ backendName: "stop" }],
          },
          { path: "/lb", backends: [{ backendName: "lb" }] },
        ],
      }),
      service("web"),
    ]);
    deepEqual(converted.problems, []);
    const byId = new Map<string, RouteDefinition>(converted.routeSet.routes.map((route) => [route.id, route]));
    deepEqual(
      [...byId.keys()],
      [
        "kube_rg__shop__group__all__0_0",
        "kube_rg__shop__group__get__1_0",
        "kube_rg__shop__group__post__1_0",
        "kube_rg__shop__group__all__2_0",
        "kube_rg__shop__group__all__3_0",
        "kube_rg____example_org__catchall__0_0",
      ],
    );
    deepEqual(
      byId.get("kube_rg__shop__group__all__2_0")?.filters.map((call) => call.name),
      ["status", "comment", "comment"],
    );
    deepEqual(byId.get("kube_rg__shop__group__all__3_0")?.backend, {
      type: "loadBalanced",
      algorithm: "random",
      endpoints: ["http://a.test", "http://b.test"],
    });
    equal(answer(converted, "example.org", "/away"), "network");
    equal(answer(converted, "example.org", "/x"), "shop/web/http");
    equal(answer(converted, "other.org", "/x"), "none");
  });

  it("is dropped alone when it cannot be used, with the field that is wrong", () => {
    const bad: readonly (readonly [object, RegExp])[] = [
      [{ hosts: ["a.org", "A.org"], backends: [web], defaultBackends: [{ backendName: "web" }] }, /^spec\.hosts: expected each host once/],
      [{ backends: [web] }, /^spec\.routes: expected routes or default back ends/],
      [{ backends: [web, web], defaultBackends: [{ backendName: "web" }] }, /^spec\.backends\[1\]\.name: expected a name of its own/],
      [
        { backends: [web], defaultBackends: [{ backendName: "wbe" }] },
        /^spec\.defaultBackends\[0\]\.backendName: expected the name of one of spec\.backends, got "wbe"/,
      ],
      [{ backends: [web], routes: [{ path: "/" }] }, /^spec\.routes\[0\]\.backends: expected back ends/],
      [
        { backends: [web], routes: [{ path: "/", pathSubtree: "/", backends: [{ backendName: "web" }] }] },
        /^spec\.routes\[0\]: expected one of path, pathSubtree and pathRegexp/,
      ],
      [
        { backends: [{ name: "x", type: "magic" }], defaultBackends: [{ backendName: "x" }] },
        /^spec\.backends\[0\]\.type: expected service, /,
      ],
    ];
    for (const [spec, message] of bad) {
      const converted = run([group(spec), ingress("good", "good.org", { "/": "web" }), service("web")]);
      equal(answer(converted, "good.org", "/"), "shop/web/http");
      equal(converted.problems[0]?.effect, "dropped");
      match(converted.problems[0]?.message ?? "", message);
    }
  });
});

describe("a route of a RouteGroup", () => {
  const web = { name: "web", type: "service", serviceName: "web", servicePort: 80 };
  const away = { name: "away", type: "network", address: "http://away.test" };
  const group = (routes: readonly object[]): KubeObject =>
    kubeObject("RouteGroup", "group", {
      spec: { hosts: ["example.org"], backends: [web, away], defaultBackends: [{ backendName: "web" }], routes },
    });
  const broad = kubeObject("Ingress", "broad", { spec: { defaultBackend: { service: { name: "api", port: { number: 80 } } } } });
  const others = [broad, service("web"), service("api")];

  it("answers 503 itself when a filter cannot be read, and the others of its group are served", () => {
    const object = group([{ pathSubtree: "/a", filters: ["a("] }, { pathSubtree: "/b" }]);
    const converted = run([object, ...others]);
    equal(answer(converted, "example.org", "/a"), "broken");
    equal(answer(converted, "example.org", "/b"), "shop/web/http");
    equal(converted.problems[0]?.effect, "partial");
    match(converted.problems[0]?.message ?? "", /^spec\.routes\[0\]\.filters\[0\], line 1, column 3: /);
    const dropped = run([object, ...others], { dropUnreadable: true });
    equal(answer(dropped, "example.org", "/b"), "shop/api/http");
  });

  it("answers 503 at its path when a predicate cannot be read, but behind routes of the same path that can", () => {
    const converted = run([
      group([
        { path: "/a", predicates: ["Method("] },
        { path: "/b", predicates: ["Method("] },
        { path: "/b" },
        { pathSubtree: "/", predicates: ["Header("] },
      ]),
      ...others,
    ]);
    equal(answer(converted, "example.org", "/a"), "broken");
    equal(answer(converted, "example.org", "/b"), "shop/web/http");
    equal(answer(converted, "example.org", "/c"), "broken");
    equal(answer(converted, "other.org", "/a"), "shop/api/http");
  });

  it("answers 503 itself when its back end is a host outside the cluster that is not allowed", () => {
    const object = group([{ pathSubtree: "/a", backends: [{ backendName: "away" }] }, { pathSubtree: "/b" }]);
    const converted = run([object, ...others], { allowedExternalNames: ["^nowhere$"] });
    equal(answer(converted, "example.org", "/a"), "broken");
    equal(answer(converted, "example.org", "/b"), "shop/web/http");
    deepEqual(
      converted.problems.map(({ code, effect }) => [code, effect]),
      [["INGRESS_EXTERNAL_NAME", "partial"]],
    );
  });
});

describe("a pool", () => {
  const web = [ingress("web", "example.org", { "/": "web" }), service("web")];

  it("has the ready endpoints of all slices, each once", () => {
    const converted = run([
      ...web,
      slice("a", "web", {
        "10.0.0.2": {},
        "10.0.0.1": { conditions: { ready: true } },
        "10.0.0.3": { conditions: { ready: false } },
        "10.0.0.4": { conditions: { ready: true, terminating: true } },
      }),
      slice("b", "web", { "10.0.0.1": {}, "10.0.0.5": { conditions: {} } }),
      slice("other", "api", { "10.0.0.9": {} }),
    ]);
    deepEqual(endpoints(converted), ["http://10.0.0.1:8080 fresh", "http://10.0.0.2:8080 fresh", "http://10.0.0.5:8080 fresh"]);
  });

  it("has those that serve while they terminate when none is ready, and stays when there are none at all", () => {
    const terminating = { conditions: { ready: false, serving: true, terminating: true } };
    const gone = { conditions: { ready: false, serving: false, terminating: true } };
    deepEqual(endpoints(run([...web, slice("a", "web", { "10.0.0.1": terminating, "10.0.0.2": gone })])), ["http://10.0.0.1:8080 fresh"]);
    const none = run([...web, slice("a", "web", { "10.0.0.2": gone })]);
    deepEqual(endpoints(none), []);
    equal(answer(none, "example.org", "/"), "shop/web/http");
    deepEqual(endpoints(run(web)), []);
  });

  it("has withdrawn endpoints as a lower tier, but none whose address somebody else has now", () => {
    const target = (name: string): object => ({ targetRef: { namespace: "shop", name } });
    const withdrawn = slice("a", "web", { "10.0.0.1": target("web-1"), "10.0.0.2": target("web-2"), "10.0.0.3": target("web-3") });
    const converted = run(
      [...web, service("api"), slice("b", "web", { "10.0.0.1": target("web-1") }), slice("c", "api", { "10.0.0.2": target("api-1") })],
      {},
      [withdrawn],
    );
    deepEqual(endpoints(converted), ["http://10.0.0.1:8080 fresh", "http://10.0.0.3:8080 withdrawn"]);
  });

  it("keeps to the zone only where the zone has enough", () => {
    const zoned = (count: number): KubeObject =>
      slice(
        "a",
        "web",
        Object.fromEntries(["1", "2", "3", "4", "5"].map((digit, at) => [`10.0.0.${digit}`, { zone: at < count ? "a" : "b" }])),
      );
    equal(endpoints(run([...web, zoned(3)], { topologyZone: "a" }), "shop/web/http@a")?.length, 3);
    equal(endpoints(run([...web, zoned(2)], { topologyZone: "a" }), "shop/web/http@a")?.length, 5);
  });

  it("is not shared between routes that have its endpoints and routes that lack something", () => {
    const plain = service("web", { ports: [{ port: 80, targetPort: 8080 }] });
    const endpointsOf = { ...slice("a", "web", READY), ports: [{ port: 8080 }] };
    const odd = ingress("a-odd", "odd.org", { "/": "web" }, { "zalando.org/skipper-backend-protocol": "fastcgi" });
    const sound = ingress("sound", "example.org", { "/": "web" });
    const late = ingress("z-odd", "late.org", { "/": "web" }, { "zalando.org/skipper-backend": "forward" });
    const converted = run([odd, sound, late, plain, endpointsOf]);
    equal(endpoints(converted, answer(converted, "example.org", "/"))?.length, 2);
    deepEqual(endpoints(converted, answer(converted, "odd.org", "/")), []);
    deepEqual(endpoints(converted, answer(converted, "late.org", "/")), []);
  });

  it("writes IPv6 addresses in brackets and takes only protocols that are spoken", () => {
    const six = { ...slice("a", "web", { "2001:db8::1": {} }), addressType: "IPv6" };
    deepEqual(endpoints(run([...web, six])), ["http://[2001:db8::1]:8080 fresh"]);
    const converted = run([
      web[0] as KubeObject,
      service("web", { ports: [{ name: "http", port: 80, appProtocol: "kubernetes.io/h2c" }] }),
      slice("a", "web", READY),
    ]);
    deepEqual(endpoints(converted, "shop/web/80/missing"), []);
    equal(converted.problems[0]?.code, "INGRESS_PROTOCOL");
  });
});

describe("conversion", () => {
  it("gives the same whatever the order of objects, with ids of their own even where names look alike", () => {
    const objects = [
      ingress("a-b", "example.org", { "/": "web" }),
      ingress("a.b", "example.org", { "/": "web" }),
      ingress("c", "example.org", { "/": "api" }),
      service("web"),
      service("api"),
    ];
    const expected = run(objects);
    const ids = expected.routeSet.routes.map((route) => route.id);
    equal(new Set(ids).size, 3);
    ok(ids.every((id) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(id)));
    fc.assert(
      fc.property(fc.shuffledSubarray(objects, { minLength: objects.length }), (shuffled) => {
        deepEqual(run(shuffled), expected);
      }),
      { numRuns: 20 },
    );
  });

  it("never throws and never lets a strange object hurt a sound one", () => {
    const strange = fc.jsonValue().map((value) => (typeof value === "object" && value !== null ? value : { spec: value }));
    fc.assert(
      fc.property(strange, fc.constantFrom("Ingress", "RouteGroup", "Service", "EndpointSlice", "IngressClass"), (value, kind) => {
        const poison = {
          ...kubeObject(kind, "zz-poison", {}),
          ...(value as object),
          kind,
          metadata: { namespace: "shop", name: "zz-poison" },
        };
        const converted = run([poison, ingress("good", "example.org", { "/": "web" }), service("web"), slice("a", "web", READY)]);
        equal(answer(converted, "example.org", "/"), "shop/web/http");
        equal(endpoints(converted)?.length, 2);
      }),
    );
  });
});
