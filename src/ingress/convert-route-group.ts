import { AppError } from "../kernel/index.ts";
import { ALGORITHMS, type Algorithm, type Backend, type Call } from "../route/index.ts";
import { readFilters, readPredicates } from "./annotations.ts";
import { type Conversion, FROM_HTTP, type RouteDraft } from "./conversion.ts";
import type { Owner } from "./owner.ts";
import { fieldError } from "./fields.ts";
import { idOf } from "./route-id.ts";
import type { BackendReference, GroupBackend, GroupRoute, RouteGroupObject } from "./route-group.ts";
import { trafficPredicates } from "./traffic.ts";
import { unreadable } from "./unreadable.ts";

interface Context {
  readonly conversion: Conversion;
  readonly owner: Owner;
  readonly hosts: readonly string[];
  /** `kube_rg__namespace` and its like. */
  readonly prefix: string;
}

/** A route with its texts read. */
interface ReadRoute {
  readonly route: GroupRoute;
  readonly predicates: readonly Call[];
  readonly filters: readonly Call[];
}

/**
 * Adds the routes of one RouteGroup. Throws AppError `INGRESS_…` before it added any when the object cannot be used. Returns the hosts
 * that have a route without conditions.
 */
export function convertRouteGroup(conversion: Conversion, group: RouteGroupObject): ReadonlySet<string> {
  const owner: Owner = { kind: "RouteGroup", meta: group.meta };
  const routes = group.routes.map((route) => readTexts(conversion, owner, route));
  const { namespace, name } = group.meta;
  const complete = new Set<string>();
  const convert = (hosts: readonly string[], prefix: string): void => {
    const context: Context = { conversion, owner, hosts, prefix };
    const all = routes.map((route, at) => addRoute(context, route, at));
    if (all.includes(true)) for (const host of hosts) complete.add(host);
  };
  const internal = group.hosts.filter((host) => conversion.isInternal(host));
  const external = group.hosts.filter((host) => !conversion.isInternal(host));
  if (external.length > 0 || group.hosts.length === 0) convert(external, `kube_rg__${namespace}`);
  if (internal.length > 0) convert(internal, `kube_rg__internal_${namespace}`);
  const domain = conversion.options.eastWestDomain;
  if (domain !== undefined) convert([`${name}.${namespace}.${domain}`], `kubeew_rg__${namespace}`);
  return complete;
}

/**
 * Holds the hosts of a RouteGroup whose spec cannot be used, `thrown` says why: behind every sound route they answer 503, until the group can be used.
 */
export function holdHosts(conversion: Conversion, { meta, hosts }: Pick<RouteGroupObject, "meta" | "hosts">, thrown: unknown): void {
  const owner: Owner = { kind: "RouteGroup", meta };
  conversion.report(owner, "partial", thrown);
  const id = idOf([`kube_rg__${meta.namespace}`, meta.name, "unreadable"]);
  conversion.add(owner, { id, hosts, predicates: [unreadable(thrown)], filters: [], backend: { type: "shunt" } });
}

function readTexts(conversion: Conversion, owner: Owner, route: GroupRoute): ReadRoute {
  const { match, path } = route;
  const predicates = route.predicates.flatMap((text, at) =>
    conversion.orUnreadable(owner, () => readPredicates(text, `${path}.predicates[${at}]`)),
  );
  const filters = [
    ...route.filters.flatMap((text, at) => conversion.orUnreadable(owner, () => readFilters(text, `${path}.filters[${at}]`))),
    ...route.backends.flatMap(({ backend }) => conversion.orUnreadable(owner, () => check(conversion, backend))),
  ];
  return { route, predicates: match === undefined ? predicates : [{ name: match.predicate, args: [match.value] }, ...predicates], filters };
}

/** Throws what is wrong with a back end whatever the cluster has; it asks for no filters of its own. */
function check(conversion: Conversion, backend: GroupBackend): readonly Call[] {
  for (const address of backend.type === "lb" ? backend.endpoints : []) conversion.checkExternal(address);
  if (backend.type === "network") conversion.checkExternal(backend.address ?? "");
  if (backend.algorithm !== undefined && !ALGORITHMS.some((known) => known === backend.algorithm)) {
    throw fieldError(`${backend.path}.algorithm`, `one of ${ALGORITHMS.join(", ")}`, backend.algorithm);
  }
  return [];
}

/** Returns whether one of the routes takes every request of the hosts. */
function addRoute(context: Context, { route, predicates, filters }: ReadRoute, at: number): boolean {
  const { conversion, owner, prefix } = context;
  const traffic = trafficPredicates(
    route.backends.map((reference) => reference.weight),
    conversion.options.trafficAlgorithm,
  );
  let complete = false;
  for (const method of route.methods.length > 0 ? route.methods : [undefined]) {
    const methods = method === undefined ? [] : [{ name: "Method", args: [method] }];
    route.backends.forEach((reference, position) => {
      const target = targetOf(context, reference);
      const all = [...methods, ...predicates, ...(traffic[position] ?? [])];
      const draft: RouteDraft = {
        id: idOf([prefix, owner.meta.name, (method ?? "all").toLowerCase(), `${at}_${position}`]),
        hosts: context.hosts,
        predicates: all,
        filters: [...target.filters, ...filters],
        defaultFilters: target.filters,
        backend: target.backend,
      };
      conversion.add(owner, draft);
      addRedirect(context, draft);
      complete ||= all.length === 0;
    });
  }
  return complete;
}

/** Not for hosts inside the cluster, and not where the route itself asks for a protocol. */
function addRedirect({ conversion, owner, hosts, prefix }: Context, draft: RouteDraft): void {
  const { httpsRedirect, httpsRedirectCode } = conversion.options;
  const asksProtocol = draft.predicates.some(
    (call) => call.name.startsWith("Header") && String(call.args[0]).toLowerCase() === String(FROM_HTTP.args[0]).toLowerCase(),
  );
  if (!httpsRedirect || asksProtocol || prefix.startsWith("kubeew_") || hosts.some((host) => conversion.isInternal(host))) return;
  conversion.add(owner, conversion.redirectRoute(draft, "https_redirect", httpsRedirectCode, []));
}

function targetOf(
  { conversion, owner }: Context,
  { backend }: BackendReference,
): { readonly backend: Backend; readonly filters: readonly Call[] } {
  const algorithm = ALGORITHMS.find((known) => known === backend.algorithm) ?? conversion.options.algorithm;
  const service = backend.type === "service" ? backend.serviceName : undefined;
  const reference = { namespace: owner.meta.namespace, name: backend.serviceName ?? "", port: backend.servicePort ?? 0 };
  try {
    const filters = conversion.leadingFilters(owner, service);
    if (service === undefined) return { backend: plainBackend(conversion, backend, algorithm), filters };
    return { backend: conversion.serviceBackend(owner, backend.path, reference, { algorithm, protocol: undefined }), filters };
  } catch (thrown) {
    conversion.report(owner, "partial", thrown, backend.path);
    return { backend: conversion.missing({ ...reference, name: backend.name }, algorithm), filters: [] };
  }
}

function plainBackend(conversion: Conversion, backend: GroupBackend, algorithm: Algorithm): Backend {
  switch (backend.type) {
    case "network":
      return { type: "network", address: backend.address ?? "" };
    case "lb":
      return { type: "loadBalanced", algorithm, endpoints: backend.endpoints };
    case "forward": {
      const address = conversion.options.forwardBackendUrl;
      if (address === undefined) throw new AppError("INGRESS_FORWARD", "the router has no address to forward to; use another back end");
      return { type: "network", address };
    }
    case "loopback":
      return { type: "loopback" };
    case "dynamic":
      return { type: "dynamic" };
    default:
      return { type: "shunt" };
  }
}
