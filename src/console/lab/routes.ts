import type { RouterTable } from "../../lab/index.ts";
import { type HeldView, type Policy, ROUTES_LIMIT, type RouteView } from "../contract.ts";

type Route = RouterTable["routes"][number];

/** What is read of a lab here. */
export interface RoutedLab {
  readonly plan: { readonly fleets: readonly { readonly policy: Policy }[] };
  readonly nodes: readonly string[];
  readonly observatory: {
    router(
      node: string,
      policy: Policy,
    ): {
      readonly error: string | undefined;
      readonly value:
        | { readonly source: "live" | "restored" | "stale"; readonly ready: boolean; readonly routes: number; readonly generation: number }
        | undefined;
    };
    table(node: string, policy: Policy): { readonly value: RouterTable | undefined };
  };
}

/** Routes that were there once are remembered, so that a lost one is shown as gone and not simply missing. */
export class RouteMemory {
  readonly #known = new Map<string, { readonly policy: Policy; readonly host: string; readonly path: string }>();

  /** A row for each route of each fleet: the worst state that any of its routers has it in. */
  view(lab: RoutedLab, held: readonly HeldView[]): { readonly routes: readonly RouteView[]; readonly total: number } {
    this.#forgetDeleted(lab);
    const found = new Map<string, RouteView>();
    for (const { policy } of lab.plan.fleets) {
      /** Which nodes' routers have it; one may have two routes for one host and path. */
      const having = new Map<string, Set<string>>();
      let tables = 0;
      for (const node of lab.nodes) {
        const status = lab.observatory.router(node, policy);
        const table = lab.observatory.table(node, policy).value;
        if (status.error !== undefined || status.value === undefined) continue;
        // A router of ours that is not ready gets no requests; one of 2017 gets them all the same, when its balancer fails open.
        if (policy === "hold" && !status.value.ready) continue;
        tables += 1;
        // An emptied table is known by its count at once; its text comes with the next slow reading.
        const routes = status.value.routes === 0 ? [] : (table?.routes ?? []);
        for (const route of routes.filter((candidate) => !isCatchAll(candidate))) {
          const { host, path } = placeOf(route);
          const key = `${policy} ${host} ${path}`;
          this.#known.set(key, { policy, host, path });
          having.set(key, (having.get(key) ?? new Set()).add(node));
          const heldId =
            held.find((removal) => removal.policy === policy && removal.keys.some((name) => isMadeFrom(route, name)))?.id ?? null;
          found.set(key, {
            policy,
            host,
            path,
            endpoints: endpointsOf(route, table),
            state: heldId === null ? status.value.source : "held",
            generation: status.value.generation,
            heldId,
          });
        }
      }
      for (const [key, route] of this.#known) {
        if (route.policy !== policy || tables === 0 || having.get(key)?.size === tables) continue;
        found.set(key, { ...(found.get(key) ?? { ...route, endpoints: 0, generation: null, heldId: null }), state: "gone" });
      }
    }
    const routes = [...found.values()].sort(
      (a, b) => a.host.localeCompare(b.host) || a.path.localeCompare(b.path) || a.policy.localeCompare(b.policy),
    );
    return { routes: routes.slice(0, ROUTES_LIMIT), total: routes.length };
  }

  /** A route that no router of ours has any more, all of them live, is not lost: its removal was proven. */
  #forgetDeleted(lab: RoutedLab): void {
    if (!lab.plan.fleets.some(({ policy }) => policy === "hold")) return;
    const kept = new Set<string>();
    for (const node of lab.nodes) {
      const { error, value: status } = lab.observatory.router(node, "hold");
      const table = lab.observatory.table(node, "hold").value;
      if (error !== undefined || status?.source !== "live" || table?.number !== status.generation) return;
      for (const route of table.routes) {
        const { host, path } = placeOf(route);
        kept.add(`${host} ${path}`);
      }
    }
    for (const [key, { host, path }] of this.#known) if (!kept.has(`${host} ${path}`)) this.#known.delete(key);
  }
}

/** The answer to every other path of a host that some object names: nobody's route. */
function isCatchAll(route: Route): boolean {
  return route.backend.type === "shunt" && !route.predicates.some(({ name }) => name.startsWith("Path"));
}

/** Whether a route comes from the object `KIND NAMESPACE/NAME`; its id begins with both names, made safe as src/ingress does. */
function isMadeFrom(route: Route, object: string): boolean {
  const [, kind, namespace, name] = /^(Ingress|RouteGroup) ([^/]+)\/(.+)$/.exec(object) ?? [];
  if (kind === undefined || namespace === undefined || name === undefined) return false;
  const starts = kind === "Ingress" ? ["kube_", "kubeew_"] : ["kube_rg__", "kube_rg__internal_"];
  return starts.some((start) => route.id.startsWith(`${start}${namespace}__${name}__`.replaceAll(/\W/g, "_")));
}

/** Host and path in words: Kubernetes hosts are regexes in eskip (`^(shop[.]lab[.]?(:[0-9]+)?)$`). */
function placeOf(route: Route): { host: string; path: string } {
  let host = "*";
  let path = "/";
  for (const { name, args } of route.predicates) {
    const text = String(args[0] ?? "");
    if (name === "Host")
      host = text
        .replaceAll("[.]", ".")
        .replace(/^\^\(?/, "")
        .replace(/\.\?\(:\[0-9\]\+\)\?\)?\$$/, "");
    else if (name === "HostAny") host = args.join(", ");
    else if (name === "Path" || name === "PathSubtree") path = text;
    else if (name === "PathRegexp") path = text.replace(/^\^\(?/, "").replace(/\)?$/, "");
  }
  return { host, path };
}

function endpointsOf(route: Route, table: RouterTable | undefined): number {
  const { backend } = route;
  if (backend.type === "network") return 1;
  if (backend.type === "loadBalanced") return backend.endpoints.length;
  if (backend.type !== "pool") return 0;
  return table?.pools.find((pool) => pool.id === backend.pool)?.endpoints.length ?? 0;
}
