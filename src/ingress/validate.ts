import type { KubeObject } from "../kube/index.ts";
import { type Registry, type RouteProblem, compileTable } from "../route/index.ts";
import { type Converted, convert, droppedProblem } from "./convert.ts";
import { readMeta, readService, readSlice } from "./kube-objects.ts";
import type { ConvertOptions } from "./options.ts";
import { isUnreadable } from "./unreadable.ts";
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
  const converted = convert({ ...EMPTY, ...(kind === "Ingress" ? { ingresses: objects } : { routeGroups: objects }) }, options, registry);
  const { problems } = compileTable(converted.routeSet, registry);
  return [...converted.problems.filter((problem) => problem.code !== "INGRESS_SERVICE"), ...blame(converted, problems)];
}

/** Compile problems as problems of the objects their routes are from; those of routes nobody owns, and those that `convert` told, are left out. */
export function blame(converted: Converted, problems: readonly RouteProblem[]): readonly ObjectProblem[] {
  const blamed = new Map<string, ObjectProblem>();
  for (const { routeId, code, message, call } of problems) {
    if (isUnreadable(call)) continue;
    const owner = converted.owners.get(routeId);
    if (owner === undefined) continue;
    const { namespace, name } = owner.meta;
    blamed.set(`${owner.kind} ${namespace}/${name} ${code} ${message}`, {
      kind: owner.kind,
      namespace,
      name,
      code,
      message,
      effect: "partial",
    });
  }
  return [...blamed.values()];
}

function keyOf(object: KubeObject): string {
  try {
    const { namespace, name } = readMeta(object);
    return `${namespace}/${name}`;
  } catch {
    return "";
  }
}
