import { deepEqual, equal } from "node:assert/strict";
import * as fc from "fast-check";
import { placingNames } from "../compile-route.ts";
import type { RouteDefinition } from "../definition.ts";
import { parseEskip } from "../eskip-parser.ts";
import type { RouteSource } from "../opened-table.ts";
import { standardRegistry } from "../standard.ts";
import { type Table, compileTable } from "../table.ts";
import { matchInput } from "./requests.ts";

/** A Host predicate for one name, as Kubernetes objects become it. */
export function hostNamed(name: string): string {
  return `Host("^(${name.replaceAll(".", "[.]")}[.]?(:[0-9]+)?)$")`;
}

const HOSTS = ["a.org", "b.org", "x.b.org", "c.org", "other.org"];
const condition = fc.constantFrom(
  "*",
  hostNamed("a.org"),
  hostNamed("b.org"),
  'HostAny("a.org", "c.org")',
  'HostAny("*.b.org")',
  'HostAny("a.org", "*.b.org")',
  `HostAny("c.org", "*.b.org") && HostAny("c.org", "x.b.org")`,
  'HostAny("a.org:81", "b.org")',
  'HostAny("a.org", "a.org:81")',
  'HostAny("a.org:81", "a.org:82")',
  'Host("org$")',
  'Host("(")',
  `${hostNamed("a.org")} && HostAny("a.org", "b.org")`,
  `Host("(") && ${hostNamed("c.org")}`,
);
const more = fc.constantFrom("", ' && Path("/a")', ' && PathSubtree("/")', ' && PathSubtree("/a")', ' && Method("PUT")', " && Nope()");
const filter = fc.constantFrom("", 'setPath("/x") -> ', "nope() -> ");

/** What stands behind a route's id: hosts of every kind, paths, filters, good ones and bad ones. */
export const anyRoute = fc.tuple(condition, more, filter).map(([where, what, how]) => `${where}${what} -> ${how}<shunt>`);

/** The hosts of {@link anyRoute}, and one of no route's, in some order. */
export const anyOrderOfHosts = fc.shuffledSubarray(HOSTS, { minLength: HOSTS.length });

/** Routes by id, `ID: ROUTE;` each. */
export function routesOf(written: ReadonlyMap<string, string>): readonly RouteDefinition[] {
  return parseEskip([...written].map(([id, text]) => `${id}: ${text};`).join("\n"), "test").routes;
}

/** A source whose routes stand at these positions. */
export function sourceOf(at: readonly (RouteDefinition | undefined)[], read: (id: string) => void = () => {}): RouteSource {
  return {
    get size() {
      return at.filter((route) => route !== undefined).length;
    },
    tellNames(visit) {
      for (const [position, route] of at.entries())
        for (const name of (route && placingNames(route)) ?? []) visit(position, `..${name}.`, 2, 2 + name.length);
    },
    get anywhere() {
      return [...at.entries()].flatMap(([position, route]) => (route !== undefined && placingNames(route) === undefined ? [position] : []));
    },
    find(id) {
      const position = at.findIndex((route) => route?.id === id);
      return position < 0 ? undefined : position;
    },
    read(position) {
      const route = at[position];
      if (route === undefined || route.id === "torn") throw new Error("malformed");
      read(route.id);
      return route;
    },
  };
}

/** Asks both for every host and path: this table answers as one compiled of these routes does. */
export function answersAsCompiled(table: Table, routes: readonly RouteDefinition[], hosts: readonly string[], said: string): void {
  const { table: compiled } = compileTable({ routes }, standardRegistry);
  for (const host of hosts) {
    for (const matchPath of ["/", "/a", "/a/b"]) {
      for (const port of ["", "81"]) {
        const input = matchInput({ host, matchPath, port });
        const expected = compiled.match(input);
        const got = table.match(input);
        deepEqual([got?.id, got?.broken], [expected?.id, expected?.broken], `${host}:${port}${matchPath}\n${said}`);
        if (got !== undefined) equal(table.find(got.id), got);
      }
    }
  }
}
