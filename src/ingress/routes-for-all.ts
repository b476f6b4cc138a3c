import type { Call, RouteDefinition } from "../route/index.ts";
import { FIRST, FROM_HTTP, type RouteDraft } from "./conversion.ts";
import type { ConvertOptions } from "./options.ts";
import type { Owner } from "./owner.ts";
import { idOf } from "./route-id.ts";
import { isUnreadable, unreadable } from "./unreadable.ts";

/** The 404 of a host; where `lost` is a predicate of one of its routes that cannot be read or built, a 503. */
export function notFoundDraft(host: string, { kind }: Owner, isInternal: boolean, lost: Call | undefined): RouteDraft {
  const id =
    kind === "Ingress"
      ? idOf(["kube_", "catchall", host, "", ""])
      : idOf([isInternal ? "kube_rg__internal_" : "kube_rg__", host, "catchall", "0_0"]);
  const instead = lost === undefined || isUnreadable(lost) ? lost : unreadable(`predicate ${lost.name}() of a route of this host`);
  return { id, hosts: [host], predicates: [], filters: instead === undefined ? [] : [instead], backend: { type: "shunt" } };
}

/** Sends what came by http to https. */
export function globalRedirect(options: ConvertOptions): RouteDefinition {
  return {
    id: "kube__redirect",
    predicates: [FROM_HTTP, ...FIRST],
    filters: [{ name: "redirectTo", args: [options.httpsRedirectCode, "https:"] }],
    backend: { type: "shunt" },
  };
}
