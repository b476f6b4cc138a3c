import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { filtersNotHad } from "./not-had.ts";
import { placingPredicates } from "./predicates/placing-predicates.ts";
import { filtersPage, predicatesPage } from "./reference.ts";
import { PLACING_PREDICATES } from "./registry.ts";
import { standardRegistry } from "./standard.ts";

function committed(page: string): string {
  return readFileSync(new URL(`../../docs/reference/${page}`, import.meta.url), "utf8");
}

test("the reference says what the code says; run bin/node scripts/route-reference.ts", () => {
  equal(committed("predicates.md"), predicatesPage(standardRegistry));
  equal(committed("filters.md"), filtersPage(standardRegistry));
});

test("every predicate and filter is in the reference, and nothing that is not there", () => {
  deepEqual(new Set(placingPredicates.keys()), new Set(PLACING_PREDICATES));
  for (const { name, documentation } of [...standardRegistry.predicates.values(), ...standardRegistry.filters.values()])
    ok(documentation, `${name} has no documentation`);
  for (const name of filtersNotHad.flatMap(({ names }) => names)) ok(!standardRegistry.filters.has(name), `${name} is there`);
});
