import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { placingNames } from "./compile-route.ts";
import type { RouteDefinition } from "./definition.ts";
import { parseEskip } from "./eskip-parser.ts";
import type { MatchInput } from "./predicate.ts";
import { standardRegistry } from "./standard.ts";
import { type RouteSource, openTable } from "./opened-table.ts";
import { type Table, compileTable } from "./table.ts";
import { matchInput } from "./testing/requests.ts";

function idFor(table: Table, given: Partial<MatchInput>): string | undefined {
  return table.match(matchInput(given))?.id;
}

const host = (name: string): string => `Host("^(${name.replaceAll(".", "[.]")}[.]?(:[0-9]+)?)$")`;

/** Routes as a generation's text has them: by the names that place them. */
function sourceOf(routes: readonly RouteDefinition[], read: string[] = []): RouteSource {
  return {
    size: routes.length,
    tellNames(visit) {
      for (const [position, route] of routes.entries())
        for (const name of placingNames(route) ?? []) visit(position, `..${name}.`, 2, 2 + name.length);
    },
    anywhere: [...routes.keys()].filter((position) => placingNames(routes[position] ?? { predicates: [] }) === undefined),
    find: (id) => routes.map((route) => route.id).indexOf(id),
    read(position) {
      const route = routes[position];
      if (route === undefined || route.id === "torn") throw new Error("malformed");
      read.push(route.id);
      return route;
    },
  };
}

describe("an opened table", () => {
  it("answers as the compiled one, whatever the routes are and in whatever order hosts are asked for", () => {
    const hosts = ["a.org", "b.org", "x.b.org", "c.org", "other.org"];
    const condition = fc.constantFrom(
      "*",
      host("a.org"),
      host("b.org"),
      'HostAny("a.org", "c.org")',
      'HostAny("*.b.org")',
      'HostAny("a.org", "*.b.org")',
      `HostAny("c.org", "*.b.org") && HostAny("c.org", "x.b.org")`,
      'HostAny("a.org:81", "b.org")',
      'HostAny("a.org", "a.org:81")',
      'HostAny("a.org:81", "a.org:82")',
      'Host("org$")',
      'Host("(")',
      `${host("a.org")} && HostAny("a.org", "b.org")`,
      `Host("(") && ${host("c.org")}`,
    );
    const more = fc.constantFrom("", ' && Path("/a")', ' && PathSubtree("/")', ' && PathSubtree("/a")', ' && Method("PUT")', " && Nope()");
    const filter = fc.constantFrom("", 'setPath("/x") -> ', "nope() -> ");
    fc.assert(
      fc.property(
        fc.array(fc.tuple(condition, more, filter), { maxLength: 12 }),
        fc.shuffledSubarray(hosts, { minLength: hosts.length }),
        (made, order) => {
          const text = made.map(([where, what, how], at) => `r${at}: ${where}${what} -> ${how}<shunt>;`).join("\n");
          const { routes } = parseEskip(text, "test");
          const { table } = compileTable({ routes }, standardRegistry);
          const opened = openTable(sourceOf(routes), standardRegistry);
          for (const name of order) {
            for (const matchPath of ["/", "/a", "/a/b"]) {
              for (const port of ["", "81"]) {
                const input = matchInput({ host: name, matchPath, port });
                const expected = table.match(input);
                const got = opened.match(input);
                deepEqual([got?.id, got?.broken], [expected?.id, expected?.broken], `${name}:${port}${matchPath}\n${text}`);
                if (got !== undefined) equal(opened.find(got.id), got);
              }
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("reads the routes of a host when it is first asked for it, once", () => {
    const read: string[] = [];
    const { routes } = parseEskip(
      `a: ${host("a.org")} -> <shunt>; b: ${host("b.org")} -> <shunt>; ab: HostAny("a.org", "b.org") && Path("/ab") -> <shunt>; all: Path("/all") -> <shunt>;`,
      "test",
    );
    const table = openTable(sourceOf(routes, read), standardRegistry);
    deepEqual(read, ["all"]);
    equal(idFor(table, { host: "b.org", matchPath: "/" }), "b");
    equal(idFor(table, { host: "b.org", matchPath: "/ab" }), "ab");
    deepEqual(read, ["all", "b", "ab"]);
    equal(idFor(table, { host: "a.org", matchPath: "/ab" }), "ab");
    equal(idFor(table, { host: "none.org", matchPath: "/" }), undefined);
    deepEqual(read, ["all", "b", "ab", "a"]);
  });

  it("has a route that cannot be read answer for itself: no broader one takes its host", () => {
    const { routes } = parseEskip(`torn: ${host("a.org")} -> <shunt>; all: * -> <shunt>;`, "test");
    const table = openTable(sourceOf(routes), standardRegistry);
    equal(table.match(matchInput({ host: "a.org", matchPath: "/" }))?.broken, "malformed");
    equal(idFor(table, { host: "b.org", matchPath: "/" }), "all");
  });
});
