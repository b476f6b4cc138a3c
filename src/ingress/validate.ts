import type { KubeObject } from "../kube/index.ts";
import type { Registry } from "../route/index.ts";
import { convert } from "./convert.ts";
import { readMeta, readService, readSlice } from "./kube-objects.ts";
import type { ConvertOptions } from "./options.ts";
import { droppedProblem } from "./problems.ts";
import type { ObjectKind, ObjectProblem, World } from "./world.ts";

const EMPTY: World = {
  ingresses: new Map(),
  routeGroups: new Map(),
  services: new Map(),
  endpointSlices: new Map(),
  ingressClasses: new Map(),
};

/**
 * What is wrong with one object by itself, whatever else the cluster has: fields, annotations, eskip, predicates and filters that do
 * not exist or cannot be built. With none the object may replace its last good version. Never throws.
 */
export function validate(kind: ObjectKind, object: KubeObject, options: ConvertOptions, registry: Registry): readonly ObjectProblem[] {
  const key = keyOf(object);
  try {
    if (kind === "Service") readService(object);
    else if (kind === "EndpointSlice") readSlice(object);
    else if (kind === "IngressClass") readMeta(object);
  } catch (thrown) {
    return [droppedProblem(kind, key, thrown)];
  }
  if (kind !== "Ingress" && kind !== "RouteGroup") return [];
  const objects = new Map([[key, object]]);
  const { problems } = convert(
    { ...EMPTY, ...(kind === "Ingress" ? { ingresses: objects } : { routeGroups: objects }) },
    options,
    registry,
  );
  return problems.filter(({ code }) => code !== "INGRESS_SERVICE");
}

function keyOf(object: KubeObject): string {
  try {
    const { namespace, name } = readMeta(object);
    return `${namespace}/${name}`;
  } catch {
    return "";
  }
}
