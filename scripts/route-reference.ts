import { writeFileSync } from "node:fs";
import { routeRegistry } from "../src/auth/index.ts";
import { filtersPage, predicatesPage } from "../src/route/reference.ts";

/** Writes the reference of predicates and filters anew, after one of them has changed; test/route-reference.test.ts fails until then. */
const registry = routeRegistry();
const folder = new URL("../docs/reference/", import.meta.url);
writeFileSync(new URL("predicates.md", folder), predicatesPage(registry));
writeFileSync(new URL("filters.md", folder), filtersPage(registry));
