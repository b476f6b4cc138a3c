import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { findRouteProblems } from "./route-problems.ts";
import { standardRegistry } from "./standard.ts";
import { compileTable } from "./table.ts";
import { anyRoute, routesOf } from "./testing/any-routes.ts";

test("what is wrong with a route by itself is what compiling it with others finds", () => {
  fc.assert(
    fc.property(fc.array(anyRoute, { maxLength: 6 }), (texts) => {
      const routes = routesOf(new Map(texts.map((text, at) => [`r${at}`, text])));
      const patterns = new Map();
      deepEqual(
        routes.flatMap((route) => findRouteProblems(route, standardRegistry, patterns)),
        compileTable({ routes }, standardRegistry).problems,
      );
    }),
  );
});
