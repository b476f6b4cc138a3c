import type { HeldView, Policy, RouteView } from "../contract.ts";

/** One host and path, with what each fleet makes of it. */
export interface RouteRow {
  readonly key: string;
  readonly host: string;
  readonly path: string;
  readonly byPolicy: ReadonlyMap<Policy, RouteView>;
  readonly heldId: string | null;
}

/** Rows by host and path, in that order. */
export function routeRows(routes: readonly RouteView[]): readonly RouteRow[] {
  const rows = new Map<string, { host: string; path: string; byPolicy: Map<Policy, RouteView>; heldId: string | null }>();
  for (const route of routes) {
    const key = `${route.host}${route.path}`;
    const row = rows.get(key) ?? { host: route.host, path: route.path, byPolicy: new Map<Policy, RouteView>(), heldId: null };
    row.byPolicy.set(route.policy, route);
    row.heldId ??= route.heldId;
    rows.set(key, row);
  }
  return [...rows.entries()]
    .map(([key, row]) => ({ key, ...row }))
    .sort((a, b) => a.host.localeCompare(b.host) || a.path.localeCompare(b.path));
}

/** Rows in which every word of `filter` occurs: in host, path or a state. Case does not matter. */
export function filterRows(rows: readonly RouteRow[], filter: string): readonly RouteRow[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const text = [row.host, row.path, ...[...row.byPolicy.values()].map((route) => route.state)].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Held removals that no listed route points to (an endpoint's, a route beyond the limit): listed above the table. */
export function heldWithoutRow(held: readonly HeldView[], rows: readonly RouteRow[]): readonly HeldView[] {
  const shown = new Set(rows.map((row) => row.heldId));
  return held.filter((item) => !shown.has(item.id));
}
