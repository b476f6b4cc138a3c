import { deepEqual, equal, match } from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { parseEskip } from "./eskip-parser.ts";
import { normalizePath } from "./path.ts";
import type { MatchInput } from "./predicate.ts";
import { standardRegistry } from "./standard.ts";
import { type Table, compileTable } from "./table.ts";
import { matchInput } from "./testing/requests.ts";

function compile(text: string): ReturnType<typeof compileTable> {
  const parsed = parseEskip(text, "test");
  deepEqual(parsed.problems, []);
  return compileTable(parsed, standardRegistry);
}

function tableOf(text: string): Table {
  const { table, problems } = compile(text);
  deepEqual(problems, []);
  return table;
}

function idFor(table: Table, given: Partial<MatchInput> = {}): string | undefined {
  return table.match(matchInput(given))?.id;
}

const host = (name: string): string => `Host("^(${name.replaceAll(".", "[.]")}[.]?(:[0-9]+)?)$")`;

describe("a table", () => {
  it("prefers a static segment to a parameter and a parameter to the rest, and goes back when predicates do not hold", () => {
    const table = tableOf(`
      exact: Path("/a/b") && Method("POST") -> <shunt>;
      parameter: Path("/a/:x") && Method("PUT") -> <shunt>;
      rest: Path("/a/**") && Method("DELETE") -> <shunt>;
      subtree: PathSubtree("/a") -> <shunt>;
      root: * -> <shunt>;`);
    equal(idFor(table, { matchPath: "/a/b", method: "POST" }), "exact");
    equal(idFor(table, { matchPath: "/a/b", method: "PUT" }), "parameter");
    equal(idFor(table, { matchPath: "/a/b", method: "DELETE" }), "rest");
    equal(idFor(table, { matchPath: "/a/b" }), "subtree");
    equal(idFor(table, { matchPath: "/a" }), "subtree");
    equal(idFor(table, { matchPath: "/a/" }), "subtree");
    equal(idFor(table, { matchPath: "/ab" }), "root");
  });

  it("tells a path with a trailing slash from one without, but for subtrees", () => {
    const table = tableOf(
      'a: Path("/a") -> <shunt>; b: Path("/b/") -> <shunt>; c: PathSubtree("/c/") -> <shunt>; r: Path("/r/**") -> <shunt>;',
    );
    deepEqual(
      ["/a", "/a/", "/b", "/b/", "/c", "/c/", "/c/d/e", "/cd", "/r", "/r/", "/r/x", "/r/x/y", "/"].map((matchPath) =>
        idFor(table, { matchPath }),
      ),
      ["a", undefined, undefined, "b", "c", "c", "c", undefined, undefined, undefined, "r", "r", undefined],
    );
  });

  it("takes a colon or star inside a segment for itself, and an encoded one at its beginning", () => {
    const table = tableOf(
      'a: Path("/items:batch") -> <shunt>; b: Path("/a*") -> <shunt>; c: PathSubtree("/a") -> <shunt>; d: Path("/%3Ax") -> <shunt>;',
    );
    deepEqual(
      ["/items:batch", "/items%3Abatch", "/items:other", "/a*", "/a", "/ab", "/:x", "/y"].map((path) => {
        const normal = normalizePath(path);
        return idFor(table, { matchPath: "matchPath" in normal ? normal.matchPath : "" });
      }),
      ["a", "a", undefined, "b", "c", undefined, "d", undefined],
    );
  });

  it("finds hosts of the forms that Kubernetes objects become, whatever their case, port or trailing dot", () => {
    const table = tableOf(`
      exact: ${host("www.example.org")} -> <shunt>;
      two: Host("^(a[.]test[.]?(:[0-9]+)?|b[.]test[.]?(:[0-9]+)?)$") -> <shunt>;
      wildcard: Host("^([a-z0-9]+((-[a-z0-9]+)?)[.]example[.]org[.]?(:[0-9]+)?)$") -> <shunt>;
      expression: Host(/^.*[.]internal$/) -> <shunt>;
      any: HostAny("one.any", "port.any:8080", "*.star.any") -> <shunt>;`);
    deepEqual(
      [
        "www.example.org",
        "a.test",
        "b.test",
        "other-app.example.org",
        "a.b.example.org",
        "example.org",
        "x.y.internal",
        "internal",
        "one.any",
        "x.star.any",
        "star.any",
      ].map((name) => idFor(table, { host: name })),
      ["exact", "two", "two", "wildcard", undefined, undefined, "expression", undefined, "any", "any", undefined],
    );
    equal(idFor(table, { host: "port.any", port: "8080" }), "any");
    equal(idFor(table, { host: "port.any", port: "8081" }), undefined);
    equal(idFor(table, { host: "www.example.org", port: "8080" }), "exact");
  });

  it("demands all of several Host predicates", () => {
    const table = tableOf(`both: HostAny("a.test", "b.test") && Host(/^a/) -> <shunt>;`);
    equal(idFor(table, { host: "a.test" }), "both");
    equal(idFor(table, { host: "b.test" }), undefined);
  });

  it("tries the more specific path over all hosts first, as Skipper does, then more predicates, then the more specific host", () => {
    const table = tableOf(`
      own: ${host("a.test")} && PathSubtree("/") -> <shunt>;
      health: Path("/health") -> <shunt>;
      redirect: Header("X-Forwarded-Proto", "http") && Weight(1000) -> <shunt>;
      star: HostAny("*.test") -> <shunt>;
      rest: Host(/test$/) -> <shunt>;`);
    equal(idFor(table, { host: "a.test", matchPath: "/health" }), "health");
    equal(idFor(table, { host: "a.test", matchPath: "/x" }), "own");
    equal(idFor(table, { host: "b.test", matchPath: "/x" }), "star");
    equal(idFor(table, { host: "b.c.test", matchPath: "/x" }), "rest");
    equal(idFor(table, { host: "a.test", requestHeaders: ["x-forwarded-proto", "http"] }), "redirect");
  });

  it("prefers the longer of two path expressions, and the smaller id where nothing else tells two routes apart", () => {
    const table =
      tableOf(`z: ${host("a.test")} && PathRegexp("^(/foo)") -> <shunt>; y: ${host("a.test")} && PathRegexp("^(/foobar)") -> <shunt>;
      b: ${host("b.test")} -> <shunt>; a: ${host("b.test")} -> <shunt>;`);
    equal(idFor(table, { host: "a.test", matchPath: "/foobar" }), "y");
    equal(idFor(table, { host: "a.test", matchPath: "/foo" }), "z");
    equal(idFor(table, { host: "b.test" }), "a");
  });

  it("splits traffic by one number per request for segments, and by a new one for each Traffic", () => {
    const segments = tableOf("a: TrafficSegment(0, 0.3) -> <shunt>; b: TrafficSegment(0.3, 1) -> <shunt>;");
    for (const [value, id] of [
      [0, "a"],
      [0.299, "a"],
      [0.3, "b"],
      [0.999, "b"],
    ] as const)
      equal(idFor(segments, { random: { next: () => value } }), id);
    const chain = tableOf("a: Traffic(0.5) && True() -> <shunt>; b: Traffic(0.5) -> <shunt>; c: * -> <shunt>;");
    const draws = (values: number[]): MatchInput["random"] => ({ next: () => values.shift() ?? 0 });
    equal(idFor(chain, { random: draws([0.4]) }), "a");
    equal(idFor(chain, { random: draws([0.6, 0.4]) }), "b");
    equal(idFor(chain, { random: draws([0.6, 0.6]) }), "c");
  });

  it("keeps members of a traffic group by their cookie", () => {
    const table = tableOf('canary: Traffic(0.1, "group", "A") -> <shunt>; main: * -> <shunt>;');
    equal(idFor(table, { requestHeaders: ["Cookie", "x=1; group=A"], random: { next: () => 0.9 } }), "canary");
    equal(idFor(table, { requestHeaders: ["Cookie", "group=B"], random: { next: () => 0 } }), "main");
  });

  it("looks at methods, headers, cookies and client addresses", () => {
    const table = tableOf(`
      methods: Methods("get", "HEAD") && Path("/m") -> <shunt>;
      header: Header("X-A", "1") && HeaderRegexp("x-b", /^v[0-9]$/) -> <shunt>;
      cookie: Cookie("team", /^foo$/) -> <shunt>;
      client: ClientIP("10.2.0.0/16", "2001:db8::/32") -> <shunt>;`);
    equal(idFor(table, { matchPath: "/m", method: "HEAD" }), "methods");
    equal(idFor(table, { matchPath: "/m", method: "POST" }), undefined);
    equal(idFor(table, { requestHeaders: ["x-a", "0", "X-A", "1", "X-B", "v1"] }), "header");
    equal(idFor(table, { requestHeaders: ["x-a", "1", "X-B", "v10"] }), undefined);
    equal(idFor(table, { requestHeaders: ["cookie", "a=b", "Cookie", 'team="foo"'] }), "cookie");
    equal(idFor(table, { clientAddress: "10.2.3.4" }), "client");
    equal(idFor(table, { clientAddress: "2001:db8::9" }), "client");
    equal(idFor(table, { clientAddress: "10.3.0.1" }), undefined);
    equal(idFor(table, { clientAddress: "" }), undefined);
  });

  it("is the same whatever the order of its routes", () => {
    const texts = [
      'a: Path("/x") -> <shunt>;',
      "b: * -> <shunt>;",
      'c: PathSubtree("/x") -> <shunt>;',
      `d: ${host("h.test")} -> <shunt>;`,
      `e: ${host("h.test")} && PathRegexp("x") -> <shunt>;`,
      'f: HostAny("*.test") && Path("/:p") -> <shunt>;',
      "g: Host(/test/) -> <shunt>;",
    ];
    const tables = [tableOf(texts.join("")), tableOf(texts.toReversed().join(""))];
    for (const name of ["h.test", "i.test", "other"]) {
      for (const matchPath of ["/", "/x", "/x/y"]) {
        const [one, other] = tables.map((table) => idFor(table, { host: name, matchPath }));
        equal(one, other);
      }
    }
  });
});

describe("a table of random routes", () => {
  const segment = fc.constantFrom("a", "b", ":x", "**");
  const path = fc.array(segment, { minLength: 0, maxLength: 3 }).map((parts) => {
    const end = parts.indexOf("**");
    const kept = end < 0 ? parts : parts.slice(0, end + 1);
    return `/${kept.map((part, at) => (part === ":x" ? `:x${at}` : part)).join("/")}`;
  });
  const route = fc.record({
    place: fc.oneof(
      fc.constant(""),
      path.map((text) => `Path("${text}")`),
      path.filter((text) => !text.includes("*")).map((text) => `PathSubtree("${text}")`),
    ),
    host: fc.constantFrom("", host("a.test"), 'HostAny("*.test")', "Host(/^[ab]/)"),
    method: fc.constantFrom("", 'Method("GET")', 'Method("PUT")'),
  });

  /** The same question answered the long way: every route is asked, the best of those that match is taken. */
  function matchesPath(place: string, asked: string): boolean {
    const [, kind, text = ""] = /^(Path|PathSubtree)\("(.*)"\)$/.exec(place) ?? [];
    if (kind === undefined) return true;
    const source = text
      .replace(/\/+$/, kind === "PathSubtree" ? "" : "$&")
      .replaceAll(/\/:\w+/g, "/[^/]+")
      .replaceAll("/**", "/.+");
    return new RegExp(`^${source}${kind === "PathSubtree" ? "(/.*)?" : ""}$`).test(asked);
  }

  it("answers from a route that matches, and only if there is one", () => {
    fc.assert(
      fc.property(
        fc.array(route, { maxLength: 8 }),
        fc
          .array(fc.constantFrom("a", "b", "c", ""), { minLength: 1, maxLength: 4 })
          .map((parts) => `/${parts.join("/")}`.replaceAll(/\/+/g, "/")),
        fc.constantFrom("a.test", "b.test", "x.y.test"),
        (given, matchPath, asked) => {
          const text = given
            .map((one, at) => `r${at}: ${[one.place, one.host, one.method].filter((part) => part !== "").join(" && ") || "*"} -> <shunt>;`)
            .join("\n");
          const table = tableOf(text);
          const matching = given.flatMap((one, at) => {
            const hostFits =
              one.host === "" ||
              (one.host.includes("*")
                ? asked.split(".").length === 2
                : one.host.includes("[ab]")
                  ? /^[ab]/.test(asked)
                  : asked === "a.test");
            return matchesPath(one.place, matchPath) && hostFits && !one.method.includes("PUT") ? [`r${at}`] : [];
          });
          const found = idFor(table, { matchPath, host: asked });
          equal(found === undefined, matching.length === 0, `${text}\n${asked}${matchPath}`);
          if (found !== undefined) equal(matching.includes(found), true, `${text}\n${asked}${matchPath} -> ${found}`);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("a route that cannot be built", () => {
  it("keeps its place and is broken when a filter is unknown or wrong", () => {
    const { table, problems } = compile('secret: Path("/secret") -> setReqestHeader("X", "y") -> "http://a:1"; all: * -> "http://b:1";');
    const route = table.match(matchInput({ matchPath: "/secret" }));
    equal(route?.id, "secret");
    match(route?.broken ?? "", /did you mean "setRequestHeader"\?/);
    deepEqual(
      problems.map(({ routeId, code, effect }) => [routeId, code, effect]),
      [["secret", "ROUTE_UNKNOWN_FILTER", "broken"]],
    );
  });

  it("stands behind the sound routes of its own place when a predicate is unknown, and before broader ones", () => {
    const { table } = compile(`
      canary: ${host("a.test")} && Path("/x") && Heder("x", "y") -> "http://a:1";
      main: ${host("a.test")} && Path("/x") && Method("GET") -> "http://b:1";
      all: ${host("a.test")} -> "http://c:1";
      other: Path("/x") -> "http://d:1";`);
    const ask = (given: Partial<MatchInput>): string | undefined => idFor(table, { host: "a.test", matchPath: "/x", ...given });
    equal(ask({}), "main");
    equal(ask({ method: "POST" }), "canary");
    equal(ask({ matchPath: "/y" }), "all");
    equal(ask({ host: "b.test" }), "other");
  });

  it("is left out when nothing says whose requests it would take", () => {
    const { table, problems } = compile(
      'a: Unknown() -> <shunt>; b: Host("[") && Path("/x") -> <shunt>; c: PathSubtree("/") && Unknown() -> <shunt>;',
    );
    equal(table.size, 0);
    deepEqual(
      problems.map(({ routeId, code, effect }) => [routeId, code, effect]),
      [
        ["a", "ROUTE_UNKNOWN_PREDICATE", "refused"],
        ["b", "ROUTE_REGEXP", "refused"],
        ["c", "ROUTE_UNKNOWN_PREDICATE", "refused"],
      ],
    );
  });

  it("is told with what was expected", () => {
    const { problems } = compile(`
      a: Path("x") && ${host("a.test")} -> <shunt>;
      b: Path("/a") && PathSubtree("/b") -> <shunt>;
      c: Path("/c/**/d") && ${host("a.test")} -> <shunt>;
      d: Path("/d") && Method(1, 2) -> <shunt>;
      e: Path("/e") && Traffic(2) -> <shunt>;
      f: Path("/f") -> "ftp://x";
      h: Path("/h") && ClientIP("10.0.0.0/99") -> <shunt>;`);
    deepEqual(
      problems.map((problem) => problem.message),
      [
        'Path(): path "x": a path starts with "/"',
        "PathSubtree(): a route has one Path or PathSubtree; split it into two routes",
        'Path(): path "/c/**/d": "**" can only be the last segment',
        "Method(): expected (method), got (1, 2)",
        "Traffic(): expected (share[, cookie][, group]) with share between 0 and 1, got (2)",
        '"ftp://x" is no back end; write "http://HOST:PORT"',
        'ClientIP(): expected (range, …) with addresses or ranges as in 10.2.0.0/16, got ("10.0.0.0/99")',
      ],
    );
  });

  it("is refused when its id is taken", () => {
    const { routes } = parseEskip("a: * -> <shunt>;", "test");
    const { table, problems } = compileTable({ routes: [...routes, ...routes] }, standardRegistry);
    equal(table.size, 1);
    equal(problems[0]?.code, "ROUTE_DUPLICATE_ID");
  });
});
