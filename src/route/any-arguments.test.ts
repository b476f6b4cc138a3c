import { describe } from "node:test";
import { standardRegistry } from "./standard.ts";
import { testFilters, testPredicates } from "./testing/any-arguments.ts";

describe("whatever the arguments", () => {
  testPredicates(standardRegistry.predicates.values());
  testFilters(standardRegistry.filters.values());
});
