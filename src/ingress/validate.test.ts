import { deepEqual, equal, match } from "node:assert/strict";
import { describe, it } from "node:test";
import { standardRegistry } from "../route/index.ts";
import { defaultConvertOptions } from "./options.ts";
import { ingress, kubeObject, service, slice } from "./testing/objects.ts";
import { validate } from "./validate.ts";
import type { ObjectKind, ObjectProblem } from "./world.ts";

function problemsOf(kind: ObjectKind, object: Parameters<typeof validate>[1]): readonly ObjectProblem[] {
  return validate(kind, object, defaultConvertOptions, standardRegistry);
}

describe("validation of one object", () => {
  it("finds nothing wrong with sound ones, whether their Services are there or not", () => {
    deepEqual(problemsOf("Ingress", ingress("web", "example.org", { "/": "web" })), []);
    deepEqual(problemsOf("Service", service("web")), []);
    deepEqual(problemsOf("EndpointSlice", slice("a", "web", { "10.0.0.1": {} })), []);
    deepEqual(problemsOf("IngressClass", kubeObject("IngressClass", "x", {})), []);
  });

  it("finds filters that do not exist, once, and says whose they are", () => {
    const [problem, ...more] = problemsOf(
      "Ingress",
      ingress("web", "example.org", { "/": "web", "/a": "web" }, { "zalando.org/skipper-filter": 'setPth("/")' }),
    );
    deepEqual(more, []);
    deepEqual(
      [problem?.kind, problem?.namespace, problem?.name, problem?.code, problem?.effect],
      ["Ingress", "shop", "web", "ROUTE_UNKNOWN_FILTER", "partial"],
    );
    match(problem?.message ?? "", /did you mean "setPath"\? docs\/reference\/filters\.md /);
  });

  it("finds fields of the wrong shape in every kind", () => {
    for (const kind of ["Ingress", "RouteGroup"] as const)
      equal(problemsOf(kind, kubeObject(kind, "x", { spec: 1 }))[0]?.effect, "dropped");
    match(
      problemsOf("Service", kubeObject("Service", "x", { spec: { ports: [{ port: 0 }] } }))[0]?.message ?? "",
      /^spec\.ports\[0\]\.port: expected a whole number from 1 to 65535, got 0$/,
    );
    match(
      problemsOf("EndpointSlice", kubeObject("EndpointSlice", "x", { endpoints: {} }))[0]?.message ?? "",
      /^endpoints: expected a list/,
    );
  });
});
