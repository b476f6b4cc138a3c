import assert from "node:assert/strict";
import { test } from "node:test";
import { CLAIM_OPTIONS, ingressOf, routeGroupOf } from "../testing/objects.ts";
import { isServed } from "./to-claim.ts";

const CLASSES = { controllers: new Map(), defaults: [] };

function served(annotation: string | undefined, className: string | undefined, classes?: readonly string[]): boolean {
  const object = ingressOf("web", {
    ...(annotation === undefined ? {} : { annotations: { "kubernetes.io/ingress.class": annotation } }),
    ...(className === undefined ? {} : { className }),
  });
  return isServed(object, CLASSES, { ...CLAIM_OPTIONS, classes });
}

test("Of an Ingress the annotation counts before spec.ingressClassName, and one that is empty does not count", () => {
  assert.equal(served("holdfast", "nginx"), true);
  assert.equal(served("nginx", "holdfast"), false);
  assert.equal(served("", "nginx"), false);
  assert.equal(served("", "holdfast"), true);
  assert.equal(served("", undefined), true);
  assert.equal(served("", undefined, ["holdfast"]), false);
  assert.equal(served(undefined, "", ["holdfast", ""]), true);
});

test("Of a RouteGroup zalando.org/routegroup.class counts before kubernetes.io/ingress.class, and one that is empty does not count", () => {
  const routeGroup = (own: string | undefined, shared: string): boolean => {
    const annotations = { ...(own === undefined ? {} : { "zalando.org/routegroup.class": own }), "kubernetes.io/ingress.class": shared };
    return isServed(routeGroupOf("api", { annotations }), CLASSES, CLAIM_OPTIONS);
  };
  assert.equal(routeGroup(undefined, "nginx"), false);
  assert.equal(routeGroup("holdfast", "nginx"), true);
  assert.equal(routeGroup("nginx", "holdfast"), false);
  assert.equal(routeGroup("", "nginx"), false);
});
