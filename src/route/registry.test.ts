import { deepEqual, equal, match, throws } from "node:assert/strict";
import { describe, it } from "node:test";
import { parseEskip } from "./eskip-parser.ts";
import { createRegistry, extendRegistry } from "./registry.ts";
import { rehearse } from "./rehearse.ts";
import { standardRegistry } from "./standard.ts";
import { compileTable } from "./table.ts";
import { problemOf } from "./testing/calls.ts";
import { rehearsedRequest } from "./testing/requests.ts";

describe("a registry", () => {
  it("takes filters and predicates of others, each name once", () => {
    const filter = {
      name: "teapot",
      create: () => ({ response: (context: { responseStatus: number }): void => void (context.responseStatus = 418) }),
    };
    const registry = extendRegistry(standardRegistry, {
      filters: [filter],
      predicates: [{ name: "Never", create: () => ({ matches: () => false }) }],
    });
    const { table, problems } = compileTable(
      parseEskip("a: Never() && Weight(9) -> <shunt>; b: * -> teapot() -> <shunt>;", "test"),
      registry,
    );
    deepEqual(problems, []);
    const rehearsal = rehearse(table, rehearsedRequest());
    equal("status" in rehearsal && rehearsal.status, 418);
    const attempts = [
      () => extendRegistry(registry, { filters: [filter] }),
      () => createRegistry({ filters: [], predicates: [{ name: "Host", create: () => ({ matches: () => true }) }] }),
    ];
    for (const attempt of attempts) throws(attempt, { code: "ROUTE_NAME_TAKEN" });
  });

  it("names the nearest there is, the page that lists all, and why some will never be", () => {
    equal(
      problemOf("setRequstHeader()"),
      'setRequstHeader(): there is no filter of this name; did you mean "setRequestHeader"? docs/reference/filters.md has those there are',
    );
    equal(problemOf("zzz()"), "zzz(): there is no filter of this name; docs/reference/filters.md has those there are");
    equal(
      problemOf("Pth()"),
      'Pth(): there is no predicate of this name; did you mean "Path"? docs/reference/predicates.md has those there are',
    );
    match(problemOf('lua("x.lua")'), /^lua\(\): there is no filter of this name, and there will not be: Lua runs what authors of routes/);
    match(problemOf("constructor()"), /there is no filter of this name/);
  });
});
