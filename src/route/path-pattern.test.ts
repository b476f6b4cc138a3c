import { equal, throws } from "node:assert/strict";
import { describe, it } from "node:test";
import { parsePathPattern, pathParameter } from "./path-pattern.ts";
import { matches, runRoute } from "./testing/calls.ts";

describe("a parameter of a path", () => {
  it("is one segment, or the rest with a slash before it, as in Skipper", () => {
    const cases: readonly (readonly [
      predicate: "Path" | "PathSubtree",
      pattern: string,
      path: string,
      name: string,
      value: string | undefined,
    ])[] = [
      ["Path", "/a/:id/b", "/a/x%20y/b", "id", "x y"],
      ["Path", "/a/:id/b", "/a/x/b", "none", undefined],
      ["Path", "/a/*rest", "/a/b/c", "rest", "/b/c"],
      ["Path", "/a/**rest", "/a/b/c", "rest", "/b/c"],
      ["Path", "/a/**rest", "/a/b/c", "*rest", "/b/c"],
      ["Path", "/a/**", "/a/b/c", "*", "/b/c"],
      ["Path", "/a/*", "/a/b", "*", "/b"],
      ["PathSubtree", "/a", "/a/b/c", "*", "/b/c"],
      ["PathSubtree", "/a", "/a/b/", "*", "/b/"],
      ["PathSubtree", "/a", "/a/", "*", "/"],
      ["PathSubtree", "/a", "/a", "*", "/"],
      ["PathSubtree", "/", "/a/b", "*", "/a/b"],
      ["PathSubtree", "/:id", "/a", "*", "/"],
      ["PathSubtree", "/a/*rest", "/a/b/c", "rest", "/b/c"],
      ["PathSubtree", "/a/*rest", "/a", "rest", "/"],
    ];
    for (const [predicate, pattern, path, name, value] of cases) {
      const parsed = parsePathPattern(pattern, predicate === "PathSubtree");
      equal(pathParameter(parsed, path, name), value, `${name} of ${pattern} in ${path}`);
      equal(matches(`${predicate}("${pattern}")`, { matchPath: path }), true, `${predicate}("${pattern}") for ${path}`);
    }
    equal(matches('Path("/a/**")', { matchPath: "/a" }), false);
  });

  it("moves a subtree elsewhere", () => {
    for (const template of ["/v2${*}", "/v2/${*}"]) {
      const moved = (path: string): string => runRoute(`PathSubtree("/v1") -> setPath("${template}") -> "http://a:1"`, { path }).path;
      equal(moved("/v1/a/b"), "/v2/a/b");
      equal(moved("/v1"), "/v2/");
    }
  });

  it("has a name of its own", () => {
    throws(() => parsePathPattern("/:a/*a", true), { code: "ROUTE_ARGUMENT" });
    throws(() => parsePathPattern("/:a/:a", false), { code: "ROUTE_ARGUMENT" });
    throws(() => parsePathPattern("/*a/b", false), { code: "ROUTE_ARGUMENT" });
  });
});
