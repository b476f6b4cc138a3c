import { deepEqual, equal, match, ok } from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubeObject } from "../kube/index.ts";
import { READY, answer, endpoints, run } from "./testing/converting.ts";
import { ingress, kubeObject, service, slice } from "./testing/objects.ts";

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
