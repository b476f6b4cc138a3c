import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { RouteDefinition } from "./definition.ts";
import { RouteProblems } from "./route-problems.ts";
import { standardRegistry } from "./standard.ts";
import { compileTable } from "./table.ts";
import { anyRoute, routesOf } from "./testing/any-routes.ts";

test("what is wrong with routes is what compiling them finds, however they change", () => {
  const step = fc.array(fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.option(anyRoute, { nil: undefined })), { maxLength: 3 });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 6 }), (steps) => {
      const found = new RouteProblems(standardRegistry);
      const routes = new Map<string, RouteDefinition>();
      for (const [at, changes] of steps.entries()) {
        for (const [id, text] of changes) {
          const [made] = text === undefined ? [] : routesOf(new Map([[id, text]]));
          if (made === undefined) routes.delete(id);
          else routes.set(id, made);
        }
        const twice = [...routes.values(), ...[...routes.values()].slice(0, at % 2)];
        deepEqual(found.of(twice), compileTable({ routes: twice }, standardRegistry).problems);
      }
    }),
  );
});
