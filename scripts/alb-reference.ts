import { writeFileSync } from "node:fs";
import { annotationsPage } from "../src/alb/objects/reference.ts";

/** Writes the reference of the load balancers' annotations anew, after one of them has changed; test/alb-reference.test.ts fails until then. */
writeFileSync(new URL("../docs/reference/alb-annotations.md", import.meta.url), annotationsPage());
