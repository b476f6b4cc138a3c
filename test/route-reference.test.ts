import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { routeRegistry } from "../src/auth/index.ts";
import { filtersNotHad } from "../src/route/not-had.ts";
import { placingPredicates } from "../src/route/predicates/placing-predicates.ts";
import { filtersPage, predicatesPage } from "../src/route/reference.ts";
import { PLACING_PREDICATES } from "../src/route/registry.ts";

const registry = routeRegistry();

function committed(page: string): string {
  return readFileSync(new URL(`../docs/reference/${page}`, import.meta.url), "utf8");
}

test("the reference says what the code says; run bin/node scripts/route-reference.ts", () => {
  equal(committed("predicates.md"), predicatesPage(registry));
  equal(committed("filters.md"), filtersPage(registry));
});

test("every predicate and filter is in the reference, and nothing that is not there", () => {
  deepEqual(new Set(placingPredicates.keys()), new Set(PLACING_PREDICATES));
  for (const { name, documentation } of [...registry.predicates.values(), ...registry.filters.values()])
    ok(documentation, `${name} has no documentation`);
  for (const name of filtersNotHad.flatMap(({ names }) => names)) ok(!registry.filters.has(name), `${name} is there`);
});
