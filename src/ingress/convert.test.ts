import { deepEqual, equal, ok } from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { READY, answer, endpoints, run } from "./testing/converting.ts";
import { ingress, kubeObject, service, slice } from "./testing/objects.ts";

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
