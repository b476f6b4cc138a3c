import { writeFileSync } from "node:fs";
import { standardRegistry } from "../src/route/index.ts";
import { filtersPage, predicatesPage } from "../src/route/reference.ts";

/** Writes the reference of predicates and filters anew, after one of them has changed; src/route/reference.test.ts fails until then. */
const folder = new URL("../docs/reference/", import.meta.url);
writeFileSync(new URL("predicates.md", folder), predicatesPage(standardRegistry));
writeFileSync(new URL("filters.md", folder), filtersPage(standardRegistry));
