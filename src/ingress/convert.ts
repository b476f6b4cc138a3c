import { AppError, messageOf } from "../kernel/index.ts";
import type { KubeObject } from "../kube/index.ts";
import type { Call, Registry, RouteSet } from "../route/index.ts";
import { Conversion, FIRST, FROM_HTTP, type RouteDraft } from "./conversion.ts";
import type { Owner } from "./owner.ts";
import { ConversionMemory } from "./conversion-memory.ts";
import { convertIngress } from "./convert-ingress.ts";
import { convertRouteGroup, holdHosts } from "./convert-route-group.ts";
import { isServedIngress, isServedRouteGroup, readClasses } from "./ingress-class.ts";
import { type Meta, type SliceObject, readIngress, readMeta, readService, readSlice } from "./kube-objects.ts";
import type { ConvertOptions } from "./options.ts";
import { type Endpoints, PoolBuilder } from "./pools.ts";
import { type RouteGroupObject, readGroupHosts, readRouteGroup } from "./route-group.ts";
import { idOf } from "./route-id.ts";
import type { ObjectKind, ObjectProblem, World } from "./world.ts";

/** What a world becomes. */
export interface Converted {
  readonly routeSet: RouteSet;
  readonly problems: readonly ObjectProblem[];
  /** The object each route was made from, by route id; routes made for all (redirect) have none. */
  readonly owners: ReadonlyMap<string, Owner>;
  /** By route id, the filters that Skipper keeps on a route whose Service has no endpoints. */
  readonly defaultFilters: ReadonlyMap<string, readonly Call[]>;
}

/**
 * Turns accepted objects into routes and pools. Pure: the same world gives the same result, whatever the order of its maps. An
 * object that cannot be used is dropped alone; what a back end lacks costs its own routes only, which then have an empty pool. `registry`
 * is what the routes will be built with: where it cannot build a predicate, the host's 404 is a 503. With a `memory` that is kept from
 * call to call the result is the same and only what changed is converted.
 */
export function convert(world: World, options: ConvertOptions, registry?: Registry, memory = new ConversionMemory()): Converted {
  memory.expect(options, registry);
  const problems: ObjectProblem[] = [];
  const conversion = new Conversion(
    options,
    new PoolBuilder(readEndpoints(world, options, problems, memory), options, memory),
    registry,
    memory,
  );
  const classes = readClasses(world.ingressClasses, (name, thrown) =>
    problems.push({ ...droppedProblem("IngressClass", name, thrown), effect: "ignored" }),
  );
  const catchAll = new CatchAll();
  each(world.ingresses, "Ingress", conversion.problems, (object) => {
    const ingress = memory.read(object, readIngress);
    if (!isSelected(ingress.meta, options.ingressSelector) || !isServedIngress(ingress, classes, options)) return;
    const owner: Owner = { kind: "Ingress", meta: ingress.meta };
    const complete = conversion.once(object, () => convertIngress(conversion, ingress));
    for (const { host, paths } of ingress.rules)
      if (host !== "" && paths.length > 0) catchAll.see(host, owner, complete.has(host), () => ingressCatchAll(host));
  });
  each(world.routeGroups, "RouteGroup", conversion.problems, (object) => {
    const group = readGroup(conversion, object);
    if (group === undefined || !isServedRouteGroup(group, options)) return;
    const owner: Owner = { kind: "RouteGroup", meta: group.meta };
    const complete = conversion.once(object, () => convertRouteGroup(conversion, group));
    for (const host of group.hosts) catchAll.see(host, owner, complete.has(host), () => groupCatchAll(host, conversion.isInternal(host)));
  });
  if (options.catchAll) catchAll.add(conversion);
  const { routes, pools } = conversion;
  return {
    routeSet: { routes: options.httpsRedirect ? [globalRedirect(options), ...routes] : routes, pools: pools.pools },
    problems: unique([...problems, ...conversion.problems]),
    owners: conversion.owners,
    defaultFilters: conversion.defaultFilters,
  };
}

/** Undefined when it cannot be used and its hosts are held. Throws when it is dropped. */
function readGroup(conversion: Conversion, object: KubeObject): RouteGroupObject | undefined {
  try {
    return conversion.memory.read(object, readRouteGroup);
  } catch (thrown) {
    const held = conversion.options.dropUnreadable ? undefined : hostsOf(object);
    if (held === undefined) throw thrown;
    if (isServedRouteGroup(held, conversion.options)) holdHosts(conversion, held, thrown);
    return undefined;
  }
}

function hostsOf(object: KubeObject): ReturnType<typeof readGroupHosts> | undefined {
  try {
    return readGroupHosts(object);
  } catch {
    return undefined; // the error that led here says more
  }
}

/** One back end may be used by many routes; its owner is told once. */
function unique(problems: readonly ObjectProblem[]): readonly ObjectProblem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}

/** In the order of their keys, so that what depends on order (ids that collide, the first of several hosts) does not depend on the map. */
function each(
  objects: ReadonlyMap<string, KubeObject>,
  kind: ObjectKind,
  problems: ObjectProblem[],
  action: (object: KubeObject) => void,
): void {
  for (const key of [...objects.keys()].toSorted()) {
    const object = objects.get(key);
    if (object === undefined) continue;
    try {
      action(object);
    } catch (thrown) {
      problems.push(droppedProblem(kind, key, thrown));
    }
  }
}

/** The problem of an object that nothing is made of. `key` is its `namespace/name`, or its name. */
export function droppedProblem(kind: ObjectKind, key: string, thrown: unknown): ObjectProblem {
  const slash = key.indexOf("/");
  const code = thrown instanceof AppError ? thrown.code : "INGRESS_FIELD";
  return {
    kind,
    namespace: key.slice(0, Math.max(slash, 0)),
    name: key.slice(slash + 1),
    code,
    message: messageOf(thrown),
    effect: "dropped",
  };
}

function isSelected(meta: Meta, selector: ReadonlyMap<string, string>): boolean {
  return [...selector].every(([key, value]) => meta.labels.get(key) === value);
}

function readEndpoints(world: World, options: ConvertOptions, problems: ObjectProblem[], memory: ConversionMemory): Endpoints {
  const services = new Map<string, ReturnType<typeof readService>>();
  each(world.services, "Service", problems, (object) => {
    const service = memory.read(object, readService);
    if (isSelected(service.meta, options.serviceSelector)) services.set(`${service.meta.namespace}/${service.meta.name}`, service);
  });
  const read = (objects: ReadonlyMap<string, KubeObject>): ReadonlyMap<string, readonly SliceObject[]> => {
    const slices = new Map<string, SliceObject[]>();
    each(objects, "EndpointSlice", problems, (object) => {
      // One that is not selected may be as wrong as it likes.
      if (options.endpointSelector.size > 0 && !isSelected(readMeta(object), options.endpointSelector)) return;
      const slice = memory.read(object, readSlice);
      if (slice.serviceName === undefined) return;
      const key = `${slice.meta.namespace}/${slice.serviceName}`;
      const known = slices.get(key);
      if (known === undefined) slices.set(key, [slice]);
      else known.push(slice);
    });
    return slices;
  };
  return { services, slices: read(world.endpointSlices), withdrawnSlices: read(world.withdrawnEndpointSlices ?? new Map()) };
}

/** A 404 for each host that has routes, but none for every path: a default back end is not meant to answer for it. */
class CatchAll {
  readonly #hosts = new Map<string, { readonly owner: Owner; readonly draft: () => RouteDraft }>();
  readonly #complete = new Set<string>();

  see(host: string, owner: Owner, isComplete: boolean, draft: () => RouteDraft): void {
    if (isComplete) this.#complete.add(host);
    if (!this.#hosts.has(host)) this.#hosts.set(host, { owner, draft });
  }

  add(conversion: Conversion): void {
    for (const [host, { owner, draft }] of this.#hosts) if (!this.#complete.has(host)) conversion.addCatchAll(owner, draft());
  }
}

function ingressCatchAll(host: string): RouteDraft {
  return { id: idOf(["kube_", "catchall", host, "", ""]), hosts: [host], predicates: [], filters: [], backend: { type: "shunt" } };
}

function groupCatchAll(host: string, internal: boolean): RouteDraft {
  const id = idOf([internal ? "kube_rg__internal_" : "kube_rg__", host, "catchall", "0_0"]);
  return { id, hosts: [host], predicates: [], filters: [], backend: { type: "shunt" } };
}

function globalRedirect(options: ConvertOptions): RouteSet["routes"][number] {
  return {
    id: "kube__redirect",
    predicates: [FROM_HTTP, ...FIRST],
    filters: [{ name: "redirectTo", args: [options.httpsRedirectCode, "https:"] }],
    backend: { type: "shunt" },
  };
}
