import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { placingNames } from "./compile-route.ts";
import type { CompiledRoute } from "./compiled-route.ts";
import type { RouteDefinition } from "./definition.ts";
import { parseEskip } from "./eskip-parser.ts";
import { type ChangedPosition, openTable } from "./opened-table.ts";
import type { MatchInput } from "./predicate.ts";
import { standardRegistry } from "./standard.ts";
import type { Table } from "./table.ts";
import { anyOrderOfHosts, anyRoute, answersAsCompiled, hostNamed, routesOf, sourceOf } from "./testing/any-routes.ts";
import { matchInput } from "./testing/requests.ts";

function idFor(table: Table, given: Partial<MatchInput>): string | undefined {
  return table.match(matchInput(given))?.id;
}

describe("an opened table", () => {
  it("answers as the compiled one, whatever the routes are and in whatever order hosts are asked for", () => {
    fc.assert(
      fc.property(fc.array(anyRoute, { maxLength: 12 }), anyOrderOfHosts, (made, hosts) => {
        const routes = routesOf(new Map(made.map((text, at) => [`r${at}`, text])));
        answersAsCompiled(openTable(sourceOf(routes), standardRegistry), routes, hosts, made.join("\n"));
      }),
      { numRuns: 300 },
    );
  });

  it("answers after any changes of its routes as a table that is made of what they came to, and says which routes are others now", () => {
    const ids = ["r0", "r1", "r2", "r3", "r4", "r5", "r6"];
    const step = fc.record({
      routes: fc.array(fc.tuple(fc.constantFrom(...ids), fc.option(anyRoute, { nil: undefined })), { maxLength: 5 }),
      asked: anyOrderOfHosts.chain((hosts) => fc.subarray(hosts)),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), anyOrderOfHosts, (steps, hosts) => {
        const at: (RouteDefinition | undefined)[] = [];
        const written = new Map<string, string>();
        const table = openTable(sourceOf(at), standardRegistry);
        for (const { routes, asked } of steps) {
          const before = new Map<number, CompiledRoute>();
          for (const route of at) {
            const found = route === undefined ? undefined : table.find(route.id);
            if (found !== undefined) before.set(found.index, found);
          }
          const gone: ChangedPosition[] = [];
          const come: ChangedPosition[] = [];
          for (const [id, text] of new Map(routes)) {
            const position = at.findIndex((route) => route?.id === id);
            const old = at[position];
            if (old !== undefined) gone.push({ position, names: placingNames(old) });
            if (old !== undefined) at[position] = undefined;
            if (text === undefined) written.delete(id);
            else written.set(id, text);
          }
          for (const route of routesOf(new Map([...new Map(routes)].flatMap(([id, text]) => (text === undefined ? [] : [[id, text]]))))) {
            const free = at.indexOf(undefined);
            const position = free < 0 ? at.length : free;
            at[position] = route;
            come.push({ position, names: placingNames(route) });
          }
          const changed = table.change(gone, come);
          const said = JSON.stringify(steps);
          for (const [position, route] of before) if (!changed.has(position)) equal(table.find(route.id), route, said);
          for (const { position, names } of come) equal(table.positionsAt(names?.[0]).includes(position), true);
          answersAsCompiled(table, routesOf(written), asked, said);
        }
        equal(table.size, written.size);
        answersAsCompiled(table, routesOf(written), hosts, JSON.stringify(steps));
      }),
      { numRuns: 300 },
    );
  });

  it("reads the routes of a host when it is first asked for it, once", () => {
    const read: string[] = [];
    const { routes } = parseEskip(
      `a: ${hostNamed("a.org")} -> <shunt>; b: ${hostNamed("b.org")} -> <shunt>; ab: HostAny("a.org", "b.org") && Path("/ab") -> <shunt>; all: Path("/all") -> <shunt>;`,
      "test",
    );
    const table = openTable(
      sourceOf(routes, (id) => read.push(id)),
      standardRegistry,
    );
    deepEqual(read, ["all"]);
    equal(idFor(table, { host: "b.org", matchPath: "/" }), "b");
    equal(idFor(table, { host: "b.org", matchPath: "/ab" }), "ab");
    deepEqual(read, ["all", "b", "ab"]);
    equal(idFor(table, { host: "a.org", matchPath: "/ab" }), "ab");
    equal(idFor(table, { host: "none.org", matchPath: "/" }), undefined);
    deepEqual(read, ["all", "b", "ab", "a"]);
  });

  it("has a route that cannot be read answer for itself: no broader one takes its host", () => {
    const { routes } = parseEskip(`torn: ${hostNamed("a.org")} -> <shunt>; all: * -> <shunt>;`, "test");
    const table = openTable(sourceOf(routes), standardRegistry);
    equal(table.match(matchInput({ host: "a.org", matchPath: "/" }))?.broken, "malformed");
    equal(idFor(table, { host: "b.org", matchPath: "/" }), "all");
  });
});
