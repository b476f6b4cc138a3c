import { deepEqual } from "node:assert/strict";
import type { KubeObject } from "../../kube/index.ts";
import { compileTable, rehearse, standardRegistry } from "../../route/index.ts";
import { convert } from "../convert.ts";
import type { Converted } from "../converted.ts";
import { type ConvertOptions, defaultConvertOptions } from "../options.ts";
import { isUnreadable } from "../unreadable.ts";
import { worldOf } from "./objects.ts";

/** Two endpoints with nothing to say against them, for `slice`. */
export const READY = { "10.0.0.1": {}, "10.0.0.2": {} };

/** Converts a cluster of these objects. */
export function run(
  objects: readonly KubeObject[],
  options: Partial<ConvertOptions> = {},
  withdrawn: readonly KubeObject[] = [],
): Converted {
  return convert(worldOf(objects, withdrawn), { ...defaultConvertOptions, ...options });
}

/** `address tier` of each endpoint of a pool. */
export function endpoints(converted: Converted, pool = "shop/web/http"): readonly string[] | undefined {
  return converted.routeSet.pools
    .find((candidate) => candidate.id === pool)
    ?.endpoints.map((endpoint) => `${endpoint.address} ${endpoint.tier}`);
}

/** The pool or kind of back end that answers, `broken` for a route that answers 503 by itself, or `none`. */
export function answer(converted: Converted, host: string, path: string, chance = 0, headers: readonly string[] = []): string {
  const { table, problems } = compileTable(converted.routeSet, standardRegistry);
  deepEqual(
    problems.filter(({ call }) => !isUnreadable(call)),
    [],
  );
  const request = {
    method: "GET",
    scheme: "http" as const,
    path,
    query: "",
    headers: ["Host", host, ...headers],
    clientAddress: "192.0.2.1",
    chance,
  };
  const rehearsal = rehearse(table, request);
  if (!("route" in rehearsal)) return "none";
  if (rehearsal.outcome === "broken") return "broken";
  return rehearsal.route.backend.type === "pool" ? rehearsal.route.backend.pool : rehearsal.route.backend.type;
}
