import { AppError } from "../kernel/index.ts";
import type { Backend, Call, RouteDefinition } from "../route/index.ts";
import { type IngressAnnotations, readIngressAnnotations } from "./annotations.ts";
import { type Conversion, FIRST, FROM_HTTP, type RouteDraft } from "./conversion.ts";
import type { Owner } from "./owner.ts";
import type { IngressBackend, IngressObject, IngressPath } from "./kube-objects.ts";
import type { PathMode } from "./options.ts";
import { idOf } from "./route-id.ts";
import { trafficPredicates } from "./traffic.ts";

interface Context {
  readonly conversion: Conversion;
  readonly owner: Owner;
  readonly ingress: IngressObject;
  readonly annotations: IngressAnnotations;
}

interface Target {
  readonly backend: Backend;
  /** What the back end is called in ids. */
  readonly name: string;
  readonly filters: readonly Call[];
  readonly defaultFilters: readonly Call[];
}

/**
 * Adds the routes of one Ingress. Throws AppError `INGRESS_…` before it added any when the object cannot be used. Returns the hosts
 * that need no 404 of their own.
 */
export function convertIngress(conversion: Conversion, ingress: IngressObject): ReadonlySet<string> {
  const owner: Owner = { kind: "Ingress", meta: ingress.meta };
  const context: Context = { conversion, owner, ingress, annotations: readIngressAnnotations(ingress.meta, conversion.options) };
  for (const problem of context.annotations.problems) conversion.report(owner, "partial", problem);
  const { namespace, name } = ingress.meta;
  const complete = new Set<string>();
  if (ingress.defaultBackend !== undefined) {
    const target = targetOf(context, ingress.defaultBackend);
    conversion.add(owner, {
      id: idOf([`kube_${namespace}`, name, "", "", ""]),
      hosts: [],
      predicates: context.annotations.predicates,
      ...target,
    });
  }
  for (const rule of ingress.rules) {
    for (const group of byPath(rule.paths)) {
      if (addPaths(context, rule.host, group)) complete.add(rule.host);
      const [path] = group;
      if (path !== undefined) addCustomRoutes(context, rule.host, path);
    }
  }
  return complete;
}

/** Paths of one rule that stand for the same requests share them by weight. */
function byPath(paths: readonly IngressPath[]): readonly (readonly IngressPath[])[] {
  return [...Map.groupBy(paths, (path) => `${path.pathType} ${path.path}`).values()];
}

/** Returns whether the host needs no 404 of its own. */
function addPaths(context: Context, host: string, group: readonly IngressPath[]): boolean {
  const { conversion, annotations } = context;
  const weights = weightsOf(group, annotations.weights);
  const traffic = trafficPredicates(weights, conversion.options.trafficAlgorithm);
  const weighted = weights.some((weight) => weight > 0);
  let complete = false;
  const served = weights.filter((weight) => weight > 0).length;
  group.forEach((path, at) => {
    if (weighted && weights[at] === 0) return;
    const share = served === 1 ? [] : (traffic[at] ?? []);
    const predicates = [...pathPredicates(path, annotations.pathMode), ...annotations.predicates, ...share];
    addPath(context, host, path, predicates);
    complete ||= takesAll(path, annotations.pathMode);
  });
  return complete;
}

/** With the annotation a back end that it does not name gets nothing; back ends for different paths need no weights. */
function weightsOf(group: readonly IngressPath[], weights: ReadonlyMap<string, number> | undefined): readonly number[] {
  if (weights === undefined || group.length === 1) return group.map(() => 1);
  return group.map((path) => weights.get(path.backend.service?.name ?? "") ?? 0);
}

function addPath(context: Context, host: string, path: IngressPath, predicates: readonly Call[]): void {
  const { conversion, owner, ingress } = context;
  const { namespace, name } = ingress.meta;
  const target = targetOf(context, path.backend);
  const draft: RouteDraft = {
    id: idOf([`kube_${namespace}`, name, host, path.path, target.name]),
    hosts: host === "" ? [] : [host],
    predicates,
    ...target,
  };
  conversion.add(owner, draft);
  addRedirects(context, draft);
  addEastWest(context, draft);
}

/** An annotation that differs from what all Ingresses do is done for this one alone. */
function addRedirects({ conversion, owner, annotations }: Context, draft: RouteDraft): void {
  const { httpsRedirect, httpsRedirectCode } = conversion.options;
  const code = annotations.redirectCode ?? httpsRedirectCode;
  if (httpsRedirect && annotations.redirect === false) {
    conversion.add(owner, { ...draft, id: `${draft.id}_disable_https_redirect`, predicates: [FROM_HTTP, ...FIRST, ...draft.predicates] });
  } else if ((!httpsRedirect && annotations.redirect === true) || (httpsRedirect && code !== httpsRedirectCode)) {
    conversion.add(owner, conversion.redirectRoute(draft, "https_redirect", code, FIRST));
  }
}

function addEastWest({ conversion, owner, ingress }: Context, draft: RouteDraft): void {
  const domain = conversion.options.eastWestDomain;
  if (domain === undefined) return;
  const hosts = [`${ingress.meta.name}.${ingress.meta.namespace}.${domain}`];
  conversion.add(owner, { ...draft, id: draft.id.replace(/^kube_/, "kubeew_"), hosts });
}

/** The routes of the annotation skipper-routes stand beside each path of each rule. */
function addCustomRoutes(context: Context, host: string, path: IngressPath): void {
  const { conversion, owner, ingress, annotations } = context;
  const { namespace, name } = ingress.meta;
  annotations.routes.forEach((route, at) => {
    const own = /^unnamed[0-9]+$/.test(route.id) ? "" : route.id;
    const predicates = customPredicates(context, path, route);
    if (predicates === undefined) return;
    const draft: RouteDraft = {
      id: idOf([`kube_${namespace}`, `${name}_${own}_${at}`, host + path.path, "", ""]),
      hosts: host === "" ? [] : [host],
      predicates,
      filters: annotations.forward ? [] : route.filters,
      backend: route.backend,
    };
    conversion.add(owner, draft);
    addEastWest(context, draft);
  });
}

/** A route has one path: where both the rule and the custom route have one, the custom one must be below the rule's. */
function customPredicates(
  { conversion, owner, annotations }: Context,
  path: IngressPath,
  route: RouteDefinition,
): readonly Call[] | undefined {
  const fromRule = pathPredicates(path, annotations.pathMode);
  const isPath = (call: Call): boolean => call.name === "Path" || call.name === "PathSubtree";
  const custom = route.predicates.find(isPath);
  if (custom === undefined || !fromRule.some(isPath)) return [...fromRule, ...route.predicates];
  const rulePath = String(fromRule[0]?.args[0]).replace(/\/$/, "");
  const below = String(custom.args[0]);
  if (below === rulePath || below.startsWith(`${rulePath}/`)) return route.predicates;
  const message = `${custom.name}("${below}") of skipper-routes is not below ${path.path}, so the two never match together; change one of them`;
  conversion.report(owner, "partial", new AppError("INGRESS_PATH", message), path.backend.path);
  return undefined;
}

/** The predicates for a path by its type (page "Ingress", path types). */
function pathPredicates({ path, pathType }: IngressPath, mode: PathMode): readonly Call[] {
  if (pathType === "Exact") return [{ name: "Path", args: [literalPath(path)] }];
  if (pathType === "Prefix") return [{ name: "PathSubtree", args: [literalPath(path)] }];
  if (path === "") return [];
  if (mode === "path-prefix") return [{ name: "PathSubtree", args: [path] }];
  if (mode === "path-regexp") return [{ name: "PathRegexp", args: [path] }];
  return [{ name: "PathRegexp", args: [path === "/" ? "^/" : `^(${path})`] }];
}

/** In an Ingress `:` and `*` at the beginning of a segment stand for themselves. */
function literalPath(path: string): string {
  return path.replaceAll(/\/([:*])/g, (_, sign: string) => (sign === ":" ? "/%3A" : "/%2A"));
}

/**
 * Whether a host with this path gets no 404 of its own. With the types Exact and Prefix the requests that no rule takes are the
 * default back end's (page "Ingress"); a path of the older type stands for all the host is meant to have, unless it is everything.
 */
function takesAll({ path, pathType }: IngressPath, mode: PathMode): boolean {
  return pathType !== "ImplementationSpecific" || mode === "path-prefix" || /^\^?\/?(\.\*)?$/.test(path);
}

function targetOf(context: Context, backend: IngressBackend): Target {
  const { conversion, owner, ingress, annotations } = context;
  const reference = { namespace: ingress.meta.namespace, name: backend.service?.name ?? "", port: backend.service?.port ?? 0 };
  const { algorithm, protocol } = annotations;
  try {
    if (backend.service === undefined) throw new AppError("INGRESS_FIELD", "resource back ends are not supported; name a Service");
    const service = conversion.service(reference.namespace, reference.name);
    if (annotations.forward) {
      const address = conversion.options.forwardBackendUrl;
      if (address === undefined)
        throw new AppError("INGRESS_FORWARD", "the router has no address to forward to; remove the annotation skipper-backend");
      return { backend: { type: "network", address }, name: reference.name, filters: [], defaultFilters: [] };
    }
    const defaultFilters = conversion.leadingFilters(owner, reference.name);
    const filters = [...defaultFilters, ...annotations.filters];
    if (service?.type === "ExternalName" && conversion.options.externalNames) {
      const external = service.externalName ?? "";
      const { address, filters: host } = externalTarget(conversion, external, reference.port, service.ports, protocol);
      return { backend: { type: "network", address }, name: external, filters: [...filters, ...host], defaultFilters };
    }
    const pool = conversion.serviceBackend(owner, backend.path, reference, { algorithm, protocol });
    return { backend: pool, name: reference.name, filters, defaultFilters };
  } catch (thrown) {
    conversion.report(owner, "partial", thrown, backend.path);
    return { backend: conversion.missing(reference, algorithm), name: reference.name, filters: [], defaultFilters: [] };
  }
}

function externalTarget(
  conversion: Conversion,
  external: string,
  wanted: number | string,
  ports: readonly { readonly name: string; readonly port: number }[],
  protocol: string | undefined,
): { readonly address: string; readonly filters: readonly Call[] } {
  const port =
    ports.find((candidate) => candidate.name === wanted || candidate.port === wanted)?.port ?? (typeof wanted === "number" ? wanted : 443);
  const address = `${protocol ?? (port === 443 ? "https" : "http")}://${external}:${port}`;
  if (!URL.canParse(address)) throw new AppError("INGRESS_EXTERNAL_NAME", `"${external}" is no host name`);
  conversion.checkExternal(address);
  const host = conversion.options.externalNamePreserveHost ? [] : [{ name: "setRequestHeader", args: ["Host", external] }];
  return { address, filters: host };
}
