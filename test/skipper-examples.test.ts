import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { routeRegistry } from "../src/auth/index.ts";
import { formatProblem } from "../src/kernel/index.ts";
import { type RouteDefinition, compileTable, parseEskip, printEskip, standardRegistry } from "../src/route/index.ts";

const FOLDER = new URL("skipper-examples/", import.meta.url);
/** Filters that Skipper has not. */
const OURS = new Set(["sendProxyProtocol"]);
/** Predicates of the table, and `Any`, which is written `*`. */
const PLACING = new Set(["Path", "PathSubtree", "Host", "HostAny", "Weight"]);

const registry = routeRegistry();

function read(name: string): readonly RouteDefinition[] {
  const { routes, problems } = parseEskip(readFileSync(new URL(name, FOLDER), "utf8"), name);
  deepEqual(problems.map(formatProblem), []);
  return routes;
}

const files = readdirSync(FOLDER).filter((name) => name.endsWith(".eskip"));
const all = files.map((name) => [name, read(name)] as const);

test("what is written as Skipper's reference has it can be read and built", () => {
  ok(files.length >= 5);
  for (const [name, routes] of all) {
    const { problems } = compileTable({ routes }, registry);
    deepEqual(
      problems.map(({ routeId, message }) => `${name}: ${routeId}: ${message}`),
      [],
    );
  }
});

test("it is printed so that it reads back as it was", () => {
  for (const [, routes] of all) deepEqual(parseEskip(printEskip(routes), "printed").routes, routes);
});

test("every predicate and every filter that asks nobody else is among it", () => {
  const routes = all.flatMap(([, read]) => read);
  const filters = new Set(routes.flatMap((route) => route.filters.map(({ name }) => name)));
  deepEqual(
    [...standardRegistry.filters.keys()].filter((name) => !filters.has(name) && !OURS.has(name)),
    [],
  );
  const predicates = new Set(routes.flatMap((route) => route.predicates.map(({ name }) => name)));
  deepEqual(
    [...PLACING, ...standardRegistry.predicates.keys()].filter((name) => !predicates.has(name)),
    [],
  );
});

test("what there will not be is refused by its name, with the page that says why", () => {
  for (const name of [
    "lua",
    "opaAuthorizeRequest",
    "opaAuthorizeRequestWithBody",
    "opaServeResponse",
    "opaServeResponseWithReqBody",
    "setFastCgiFilename",
  ]) {
    const [problem, ...more] = compileTable(parseEskip(`a: Path("/a") -> ${name}("x") -> <shunt>`, ""), registry).problems;
    equal(more.length, 0);
    equal(problem?.effect, "broken");
    match(
      problem?.message ?? "",
      new RegExp(`^${name}\\(\\): there is no filter of this name, and there will not be: .* docs/reference/filters.md`),
    );
  }
  for (const backend of ['"fastcgi://127.0.0.1:9000"', '<random, "fastcgi://127.0.0.1:9000", "fastcgi://127.0.0.1:9001">']) {
    const { problems } = compileTable(parseEskip(`a: Path("/a") -> ${backend}`, ""), registry);
    match(problems[0]?.message ?? "", /there will not be FastCGI.*docs\/reference\/filters.md/);
  }
});
