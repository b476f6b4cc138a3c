import { describe } from "node:test";
import { standardRegistry } from "../route/index.ts";
import { testFilters } from "../route/testing/any-arguments.ts";
import { routeRegistry } from "./route-registry.ts";

describe("whatever the arguments", () => {
  const { filters } = routeRegistry();
  testFilters([...filters.values()].filter(({ name }) => !standardRegistry.filters.has(name)));
});
