import { deepEqual, equal, match } from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubeObject } from "../kube/index.ts";
import type { RouteDefinition } from "../route/index.ts";
import { answer, run } from "./testing/converting.ts";
import { ingress, kubeObject, service } from "./testing/objects.ts";

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

  it("holds its hosts with 503 when its spec cannot be used, and tells the field that is wrong", () => {
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
      const broad = kubeObject("Ingress", "broad", { spec: { defaultBackend: { service: { name: "web", port: { number: 80 } } } } });
      const others = [broad, ingress("good", "good.org", { "/": "web" }), service("web")];
      const [host = "example.org"] = "hosts" in spec ? (spec.hosts as readonly string[]) : [];
      const converted = run([group(spec), ...others]);
      equal(answer(converted, host, "/x"), "broken");
      equal(answer(converted, "good.org", "/"), "shop/web/http");
      equal(answer(converted, "other.org", "/"), "shop/web/http");
      deepEqual(
        converted.problems.map(({ effect }) => effect),
        ["partial"],
      );
      match(converted.problems[0]?.message ?? "", message);
      const dropped = run([group(spec), ...others], { dropUnreadable: true });
      equal(answer(dropped, host, "/x"), "shop/web/http");
      equal(dropped.problems[0]?.effect, "dropped");
    }
  });

  it("shares a host with a group that can be used: that one's routes are served", () => {
    const sound = kubeObject("RouteGroup", "sound", {
      spec: { hosts: ["example.org"], backends: [web], routes: [{ pathSubtree: "/a", backends: [{ backendName: "web" }] }] },
    });
    const converted = run([group({ backends: [web] }), sound, service("web")]);
    equal(answer(converted, "example.org", "/a"), "shop/web/http");
    equal(answer(converted, "example.org", "/b"), "broken");
  });

  it("is dropped when nobody can say which hosts are its own", () => {
    for (const hosts of [["a b"], [], "example.org"]) {
      const converted = run([group({ hosts, backends: [web] }), ingress("good", "good.org", { "/": "web" }), service("web")]);
      equal(answer(converted, "good.org", "/"), "shop/web/http");
      equal(converted.problems[0]?.effect, "dropped");
    }
  });
});
