import { deepEqual, equal, ok } from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { formatProblem } from "../kernel/index.ts";
import type { RouteDefinition } from "./definition.ts";
import { MAX_STRING } from "./eskip-lexer.ts";
import { parseEskip, parseFilterChain, parsePredicates } from "./eskip-parser.ts";
import { inlinePools, printEskip } from "./eskip-printer.ts";
import { readRoutesJson } from "./route-json.ts";

const TEXT = `// users
users: Path("/users/:id") && Host(/^(a[.]b)$/) && Method("GET") // inline
  -> setPath("/v1/\${id}")
  -> modPath(/^\\/a[/]b/, "/c")
  -> "http://10.0.0.1:8080";
all: * -> status(404) -> inlineContent(\`it's "here"\`) -> <shunt>;
many: Weight(-1.5) -> <random, "http://a:1", "http://b:1">;`;

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/).filter((text) => text !== "Any");
const number = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));
const call = fc.record({
  name: fc.oneof(name, fc.constantFrom("Host", "PathRegexp")),
  args: fc.array(fc.oneof(fc.string({ unit: "binary" }), number), { maxLength: 3 }),
});
const backend = fc.oneof(
  fc.record({ type: fc.constant("network" as const), address: fc.string() }),
  fc.record({
    type: fc.constant("loadBalanced" as const),
    algorithm: fc.constantFrom("roundRobin" as const, "consistentHash" as const),
    endpoints: fc.array(fc.string(), { minLength: 1, maxLength: 3 }),
  }),
  fc.constantFrom({ type: "shunt" as const }, { type: "loopback" as const }, { type: "dynamic" as const }, { type: "forward" as const }),
);
const routes = fc.uniqueArray(
  fc.record({ id: name, predicates: fc.array(call, { maxLength: 3 }), filters: fc.array(call, { maxLength: 3 }), backend }),
  {
    selector: (route) => route.id,
    maxLength: 4,
  },
);

/** -0 is a number in JavaScript and none in eskip. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function problemsOf(text: string): readonly string[] {
  return parseEskip(text, "f").problems.map(formatProblem);
}

describe("eskip", () => {
  it("is read with comments, both kinds of strings, expressions and every back end", () => {
    const { routes: read, problems } = parseEskip(TEXT, "f");
    deepEqual(problems, []);
    deepEqual(read, [
      {
        id: "users",
        predicates: [
          { name: "Path", args: ["/users/:id"] },
          { name: "Host", args: ["^(a[.]b)$"] },
          { name: "Method", args: ["GET"] },
        ],
        filters: [
          { name: "setPath", args: ["/v1/${id}"] },
          { name: "modPath", args: ["^/a[/]b", "/c"] },
        ],
        backend: { type: "network", address: "http://10.0.0.1:8080" },
      },
      {
        id: "all",
        predicates: [],
        filters: [
          { name: "status", args: [404] },
          { name: "inlineContent", args: ['it\'s "here"'] },
        ],
        backend: { type: "shunt" },
      },
      {
        id: "many",
        predicates: [{ name: "Weight", args: [-1.5] }],
        filters: [],
        backend: { type: "loadBalanced", algorithm: "random", endpoints: ["http://a:1", "http://b:1"] },
      },
    ]);
  });

  it("is printed so that it reads back as it was, and printing that again changes nothing", () => {
    fc.assert(
      fc.property(routes, (given) => {
        const text = printEskip(given);
        const { routes: read, problems } = parseEskip(text, "f");
        deepEqual(problems, []);
        deepEqual(plain(read), plain(given));
        equal(printEskip(read), text);
      }),
    );
  });

  it("never throws and never hangs, whatever the text", () => {
    const piece = fc.constantFrom(
      '"',
      "`",
      "/",
      "//",
      "\n",
      "->",
      "-",
      "&&",
      "&",
      "(",
      ")",
      "<",
      ">",
      ",",
      ";",
      ":",
      "*",
      "a",
      "Path",
      "1",
      ".",
      "\\",
      "shunt",
      "é",
      "\u0000",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const { problems } = parseEskip(pieces.join(""), "f");
        for (const problem of problems) ok(problem.line >= 1 && problem.column >= 1);
      }),
    );
  });

  it("has, cut off anywhere, a problem or fewer routes, and never a route that is not in the whole", () => {
    const whole = parseEskip(TEXT, "f").routes.map((route) => JSON.stringify(route));
    for (let length = 0; length < TEXT.length; length++) {
      const { routes: read } = parseEskip(TEXT.slice(0, length), "f");
      for (const route of read) ok(whole.includes(JSON.stringify(route)), TEXT.slice(0, length));
      // The last ";" may be left out.
      if (length < TEXT.length - 1) ok(read.length < whole.length, TEXT.slice(0, length));
    }
  });

  it("has every problem told with its place, and its sound routes read", () => {
    const text =
      'a: Path("/x") -> status(1 -> <shunt>;\nb: * -> <shunt>;\n  b: * -> <shunt>;\nc: * -> <shnt>;\nd: && -> <shunt>;\ne: Foo("x) -> <shunt>;';
    deepEqual(problemsOf(text), [
      'f:1:27: expected "," and another argument, or ")", got "->"',
      'f:3:3: route "b" stands at line 2 already; give each route its own id',
      'f:4:10: there is no back end <shnt>; write one of <shunt>, <loopback>, <dynamic>, <forward>, <roundRobin, "http://…">, <random, "http://…">, <consistentHash, "http://…">, <powerOfRandomNChoices, "http://…">, <weightedRoundRobin, "http://…">, <leastRequests, "http://…">',
      'f:5:4: expected a predicate or "*", got "&&"',
      'f:6:8: a string begins here and does not end; close it with "',
    ]);
    deepEqual(
      parseEskip(text, "f").routes.map((route) => route.id),
      ["b"],
    );
  });

  it("tells at most a hundred problems", () => {
    equal(problemsOf("x;".repeat(1000)).length, 100);
  });

  it("is read whatever the number of comments in one place", () => {
    const { problems } = parseEskip(`${" //\n".repeat(2_500_000)}a`, "f");
    deepEqual(
      problems.map(({ line, column }) => [line, column]),
      [[2_500_001, 2]],
    );
  });

  it("names a route without id, once for all", () => {
    deepEqual(
      parseEskip('* -> <shunt>; unnamed1: * -> <shunt>; Path("/x") -> <shunt>', "f").routes.map((route) => route.id),
      ["unnamed1", "unnamed2"],
    );
    equal(problemsOf('* -> <shunt>; unnamed1: * -> <shunt>; Path("/x") -> <shunt>').length, 1);
  });

  it("limits the length of a string", () => {
    equal(problemsOf(`* -> inlineContent("${"x".repeat(MAX_STRING)}") -> <shunt>`).length, 0);
    equal(problemsOf(`* -> inlineContent("${"x".repeat(MAX_STRING + 1)}") -> <shunt>`).length, 1);
  });

  it("keeps a regular expression's escapes but those of slash and backslash, and lets a slash stand in a class", () => {
    for (const [text, value] of [
      [String.raw`/^\/a\.[^/]+$/`, String.raw`^/a\.[^/]+$`],
      [String.raw`/a\\.b/`, String.raw`a\.b`],
      [String.raw`/a\\\\b/`, String.raw`a\\b`],
      [String.raw`/[\]/]\[/`, String.raw`[\]/]\[`],
      [String.raw`/"'\w/`, String.raw`"'\w`],
    ] as const)
      deepEqual(parsePredicates(`PathRegexp(${text})`, "f"), { calls: [{ name: "PathRegexp", args: [value] }], problems: [] }, text);
  });

  it("knows the escapes of strings in both kinds of quotes, and leaves others as they are", () => {
    for (const [text, value] of [
      [String.raw`"a\"b\\c"`, String.raw`a"b\c`],
      [String.raw`"\a\b\f\n\r\t\v"`, "\x07\b\f\n\r\t\v"],
      [String.raw`"^/a\d+[.]\w\x41"`, String.raw`^/a\d+[.]\w\x41`],
      ['"two\nlines // and no comment"', "two\nlines // and no comment"],
      ['`a\\`b"c`', '`a`b"c'.slice(1)],
      [String.raw`"\`" `, String.raw`\``],
      ['""', ""],
    ] as const)
      deepEqual(parseFilterChain(`x(${text})`, "f"), { calls: [{ name: "x", args: [value] }], problems: [] }, text);
  });

  it("has numbers with and without a point and a sign, and nothing else that looks like one", () => {
    const { calls } = parseFilterChain("x(0, 12, 1.5, .5, 007, -3, -.25, 1.)", "f");
    deepEqual(calls[0]?.args, [0, 12, 1.5, 0.5, 7, -3, -0.25, 1]);
    for (const text of ["1e3", "0x1f", "1.2.3", "--1", "+1", "1 2", "true"])
      ok(parseFilterChain(`x(${text})`, "f").problems.length > 0, text);
  });

  it("does not mind where spaces, line ends and comments stand between its pieces", () => {
    const pieces = String.raw`a : Path ( "/x" ) && Host ( /h/ ) -> b ( "1" , 2 ) -> c ( ) -> < random , "http://a:1" , "http://b:1" > ; d : * -> < shunt >`;
    const tight = pieces.replaceAll(" ", "");
    const wide = `// first\n${pieces.replaceAll(" ", " \t\r\n// between; * -> <shunt>\n ")}\f\v;; // last`;
    deepEqual(parseEskip(tight, "f").problems, []);
    deepEqual(parseEskip(wide, "f").problems, []);
    deepEqual(parseEskip(wide, "f").routes, parseEskip(tight, "f").routes);
  });

  it("may be empty, or have comments alone", () => {
    for (const text of ["", " \n", "// nothing", ";", " ; // x\n ;;"])
      deepEqual(parseEskip(text, "f"), { routes: [], problems: [], places: new Map() });
  });

  it("takes any number of any-conditions for none, and a route without an id for one", () => {
    const [route] = parseEskip('* && Any() && Path("/a") && * -> "http://a"', "f").routes;
    deepEqual(route?.predicates, [{ name: "Path", args: ["/a"] }]);
  });

  it("is not read where a piece is missing or is none", () => {
    for (const [text, place] of [
      ["a: -> <shunt>", "1:4"],
      ['a: Path("/") && -> <shunt>', "1:17"],
      ['a: Path("/") <shunt>', "1:14"],
      ["a: * -> b -> <shunt>", "1:11"],
      ["a: * -> b(,) -> <shunt>", "1:11"],
      ["a: * -> b(1,) -> <shunt>", "1:13"],
      ["a: * -> <>", "1:10"],
      ['a: * -> <"http://a",>', "1:21"],
      ['a: * -> <random "http://a">', "1:17"],
      ["a: * -> <random>", "1:16"],
      ["a: * -> ", "1:9"],
      ["a: *\n  & Path() -> <shunt>", "2:3"],
      ["a: *\n\n -> b(é) -> <shunt>", "3:7"],
      ["1a: * -> <shunt>", "1:1"],
      ["a-b: * -> <shunt>", "1:2"],
      ["a: a: * -> <shunt>", "1:5"],
      ["a: PathRegexp(/x\n/) -> <shunt>", "1:15"],
      ["a: * -> b(`x) -> <shunt>", "1:11"],
    ] as const) {
      const { problems } = parseEskip(text, "f");
      equal(`${problems[0]?.line}:${problems[0]?.column}`, place, text);
    }
  });

  it("is read as a chain of filters or predicates, as annotations have it", () => {
    deepEqual(parseFilterChain("", "f"), { calls: [], problems: [] });
    deepEqual(parseFilterChain('a("x") -> b(1)', "f").calls, [
      { name: "a", args: ["x"] },
      { name: "b", args: [1] },
    ]);
    deepEqual(parsePredicates("*", "f").calls, []);
    deepEqual(parseFilterChain("a() b()", "f").problems.map(formatProblem), ['f:1:5: expected "->" or the end, got "b"']);
    deepEqual(parseFilterChain("a() ->", "f").problems.map(formatProblem), ["f:1:7: expected a filter, got the end of the text"]);
  });
});

describe("routes as JSON", () => {
  it("are read as they were", () => {
    fc.assert(fc.property(routes, (given) => deepEqual(readRoutesJson(plain(given)), plain(given))));
  });

  it("are refused with the place that is wrong", () => {
    const route = { id: "a", predicates: [], filters: [{ name: "x", args: [true] }], backend: { type: "shunt" } };
    for (const [value, message] of [
      [[route], "routes[0].filters[0].args[0]: expected a string or a number"],
      [[{ ...route, filters: [], id: "1" }], "routes[0].id: expected letters, digits and underscores, not a digit first"],
      [
        [{ ...route, filters: [], backend: { type: "x" } }],
        "routes[0].backend.type: expected network, loadBalanced, pool, shunt, loopback, dynamic or forward",
      ],
      [{}, "routes: expected a list"],
    ] as const) {
      let told = "";
      try {
        readRoutesJson(value);
      } catch (thrown) {
        told = thrown instanceof Error ? thrown.message : "";
      }
      equal(told, message);
    }
  });
});

describe("pools written out", () => {
  const route: RouteDefinition = {
    id: "a",
    predicates: [],
    filters: [{ name: "x", args: [] }],
    backend: { type: "pool", pool: "p", algorithm: "random" },
  };
  const fresh = { address: "http://10.0.0.1:1", tier: "fresh" as const };
  const withdrawn = { address: "http://10.0.0.2:1", tier: "withdrawn" as const };

  it("become an address, a load-balanced back end, or an answer without one", () => {
    const inlined = (endpoints: readonly (typeof fresh | typeof withdrawn)[]): RouteDefinition | undefined =>
      inlinePools({ routes: [route], pools: [{ id: "p", endpoints }] })[0];
    deepEqual(inlined([fresh, withdrawn])?.backend, { type: "network", address: fresh.address });
    deepEqual(inlined([withdrawn])?.backend, { type: "network", address: withdrawn.address });
    deepEqual(inlined([fresh, { ...fresh, address: "http://10.0.0.3:1" }])?.backend, {
      type: "loadBalanced",
      algorithm: "random",
      endpoints: [fresh.address, "http://10.0.0.3:1"],
    });
    deepEqual(inlined([]), { ...route, filters: [{ name: "status", args: [503] }], backend: { type: "shunt" } });
  });
});
