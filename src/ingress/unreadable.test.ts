import { deepEqual, equal, match } from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubeObject } from "../kube/index.ts";
import { compileTable, rehearse, standardRegistry } from "../route/index.ts";
import { convert } from "./convert.ts";
import { defaultConvertOptions } from "./options.ts";
import { answer, run } from "./testing/converting.ts";
import { ingress, kubeObject, service, worldOf } from "./testing/objects.ts";

describe("an Ingress with an annotation that cannot be read", () => {
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
});

const REQUEST = { method: "GET", scheme: "http", path: "/c", query: "", clientAddress: "192.0.2.1", chance: 0 } as const;

describe("a route of a RouteGroup with a text that cannot be read", () => {
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

  it("answers 503, and not its host's 404, when a predicate does not exist or cannot be built", () => {
    for (const predicate of ["NoSuch()", 'HeaderRegexp("a", "(")']) {
      const object = group([{ pathSubtree: "/", predicates: [predicate] }]);
      const converted = convert(worldOf([object, ...others]), defaultConvertOptions, standardRegistry);
      const { table } = compileTable(converted.routeSet, standardRegistry);
      equal(rehearse(table, { ...REQUEST, headers: ["Host", "example.org"] }).outcome, "broken", predicate);
      equal(rehearse(table, { ...REQUEST, headers: ["Host", "other.org"] }).outcome, "sent", predicate);
      equal(converted.problems.length, 1);
    }
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
