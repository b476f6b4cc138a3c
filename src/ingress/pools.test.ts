import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubeObject } from "../kube/index.ts";
import { READY, answer, endpoints, run } from "./testing/converting.ts";
import { ingress, service, slice } from "./testing/objects.ts";

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

  it("says zones, and does not where its owner wants all used alike", () => {
    const zoned = slice("a", "web", { "10.0.0.1": { zone: "a" }, "10.0.0.2": { zone: "b" } });
    const zones = (objects: readonly KubeObject[]): readonly (string | undefined)[] =>
      run([...objects, zoned]).routeSet.pools.flatMap((pool) => pool.endpoints.map(({ zone }) => zone));
    deepEqual(zones(web), ["a", "b"]);
    const alike = ingress("web", "example.org", { "/": "web" }, { "zalando.org/traffic-zone-aware": "false" });
    deepEqual(zones([alike, service("web")]), [undefined, undefined]);
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
    const annotated = ingress("web", "example.org", { "/": "web" }, { "zalando.org/skipper-backend-protocol": "fastcgi" });
    const converted = run([annotated, service("web"), slice("a", "web", READY)]);
    deepEqual(endpoints(converted, "shop/web/80/missing"), []);
    equal(converted.problems[0]?.code, "INGRESS_PROTOCOL");
  });

  for (const [appProtocol, scheme] of [
    ["kubernetes.io/h2c", "h2c"],
    ["h2c", "h2c"],
    ["grpc", "h2c"],
    ["grpcs", "h2"],
    ["https", "https"],
    ["kubernetes.io/wss", "https"],
    ["kubernetes.io/ws", "http"],
    ["http", "http"],
    ["mysql", "http"],
  ] as const) {
    it(`speaks ${scheme} where the Service's port says ${appProtocol}`, () => {
      const asked = service("web", { ports: [{ name: "http", port: 80, appProtocol }] });
      const pool = `shop/web/http${scheme === "http" ? "" : `/${scheme}`}`;
      const [address = ""] = endpoints(run([web[0] as KubeObject, asked, slice("a", "web", { "10.0.0.1": {} })]), pool) ?? [];
      equal(address, `${scheme}://10.0.0.1:8080 fresh`);
    });
  }

  it("speaks what the Ingress says, whatever the port does", () => {
    const annotated = ingress("web", "example.org", { "/": "web" }, { "zalando.org/skipper-backend-protocol": "h2" });
    const asked = service("web", { ports: [{ name: "http", port: 80, appProtocol: "grpc" }] });
    deepEqual(endpoints(run([annotated, asked, slice("a", "web", { "10.0.0.1": {} })]), "shop/web/http/h2"), ["h2://10.0.0.1:8080 fresh"]);
  });
});
