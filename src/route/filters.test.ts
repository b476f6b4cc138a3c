import { deepEqual, equal, match, throws } from "node:assert/strict";
import { describe, it } from "node:test";
import { parseEskip } from "./eskip-parser.ts";
import { getHeader } from "./header-list.ts";
import { createRegistry, extendRegistry } from "./registry.ts";
import { type Rehearsal, rehearse } from "./rehearse.ts";
import type { RehearsedRequest } from "./rehearsed-exchange.ts";
import { standardRegistry } from "./standard.ts";
import { compileTable } from "./table.ts";
import { rehearsedRequest } from "./testing/requests.ts";

type Exchange = Extract<Rehearsal, { readonly path: string }>;

function run(text: string, given: Partial<RehearsedRequest> = {}): Exchange {
  const { table, problems } = compileTable(parseEskip(text, "test"), standardRegistry);
  deepEqual(problems, []);
  const rehearsal = rehearse(table, rehearsedRequest(given));
  if (!("path" in rehearsal)) throw new Error(rehearsal.outcome);
  return rehearsal;
}

function problemOf(filter: string): string {
  return compileTable(parseEskip(`* -> ${filter} -> <shunt>`, "test"), standardRegistry).problems[0]?.message ?? "";
}

describe("filters", () => {
  it("set, append and drop field lines of both directions", () => {
    const exchange = run(
      `* -> setRequestHeader("X-A", "1") -> appendRequestHeader("X-A", "2") -> dropRequestHeader("cookie")
         -> setResponseHeader("X-B", "last") -> appendResponseHeader("X-B", "first") -> "http://a:1"`,
      { headers: ["Host", "example.org", "Cookie", "a", "x-a", "0", "COOKIE", "b"] },
    );
    deepEqual(exchange.requestHeaders, ["Host", "example.org", "x-a", "1", "X-A", "2"]);
    // The response passes the filters from the last to the first.
    deepEqual(exchange.responseHeaders, ["X-B", "last"]);
  });

  it("fill placeholders in, and leave a field alone whose placeholder has no value or an unsafe one", () => {
    const exchange = run(
      `Path("/users/:id/**rest") -> setRequestHeader("X-Id", "\${id}/\${rest}/\${request.method}/\${request.query.q}/\${request.header.x-a}/\${request.cookie.c}")
         -> setRequestHeader("X-None", "\${nothing}") -> setRequestHeader("X-Bad", "\${request.query.bad}")
         -> setRequestHeader("X-Client", "\${request.clientIP} \${request.source} \${request.sourceFromLast} \${request.host}") -> "http://a:1"`,
      {
        path: "/users/j%C3%A4n%20x/a/b",
        query: "q=1&bad=%0d%0aEvil:%201",
        headers: ["Host", "Example.org:80", "X-A", "2", "Cookie", "b=1; c=3", "X-Forwarded-For", "203.0.113.9, 10.0.0.1"],
      },
    );
    equal(getHeader(exchange.requestHeaders, "x-id"), `${Buffer.from("jän").toString("latin1")} x/a/b/GET/1/2/3`);
    equal(getHeader(exchange.requestHeaders, "x-none"), undefined);
    equal(getHeader(exchange.requestHeaders, "x-bad"), undefined);
    equal(getHeader(exchange.requestHeaders, "x-client"), "192.0.2.1 203.0.113.9 10.0.0.1 example.org");
  });

  it("refuse to write what frames the message", () => {
    for (const name of ["Content-Length", "transfer-encoding", "Connection", "Upgrade", "TE"]) {
      match(problemOf(`setRequestHeader("${name}", "x")`), /written by the proxy alone/);
      match(problemOf(`dropResponseHeader("${name}")`), /written by the proxy alone/);
    }
    match(problemOf('setResponseHeader("X Y", "x")'), /expected \(name, value\)/);
    match(problemOf('setResponseHeader("X", "a\\r\\nb")'), /printable characters/);
  });

  it("change the path, and never to one the router would not take from a client", () => {
    equal(run('Path("/a/:x") -> setPath("/b/${x}/c d") -> "http://a:1"', { path: "/a/1" }).path, "/b/1/c%20d");
    equal(run('Path("/a/:x") -> setPath("/${x}") -> "http://a:1"', { path: "/a/j%C3%A4n" }).path, "/j%C3%A4n");
    equal(run('* -> modPath("^/api", "") -> "http://a:1"', { path: "/api/x" }).path, "/x");
    equal(run('* -> modPath("^/api$", "") -> "http://a:1"', { path: "/api" }).path, "/");
    equal(run('* -> modPath(/^\\/v([0-9]+)/, "/version-$1") -> modPath("x", "y") -> "http://a:1"', { path: "/v2/z" }).path, "/version-2/z");
    equal(run('* -> setPath("/a/../../b") -> "http://a:1"').status, 400);
    const refused = run('* -> setPath("/${request.query.p}/x") -> "http://a:1"', { query: "p=../.." });
    deepEqual([refused.outcome, refused.status], ["answered", 400]);
  });

  it("redirect, taking from the request what the location leaves out", () => {
    const request = { path: "/P", query: "q=1", headers: ["Host", "Example.org:8080"] };
    const location = (filter: string): string | undefined =>
      getHeader(run(`* -> ${filter} -> <shunt>`, request).responseHeaders, "location");
    equal(location('redirectTo(308, "https:")'), "https://example.org/P?q=1");
    equal(location("redirectTo(302)"), "https://example.org/P?q=1");
    equal(location('redirectTo(301, "/new")'), "https://example.org/new?q=1");
    equal(location('redirectTo(301, "http:///new")'), "http://Example.org:8080/new?q=1");
    equal(location('redirectTo(301, "https://login.test/in?x=2#f")'), "https://login.test/in?q=1&x=2#f");
    equal(location('redirectTo(301, "//other.test")'), "https://other.test/P?q=1");
    equal(location('redirectToLower(301, "https://Other.test")'), "https://Other.test/p?q=1");
    equal(location('modRequestHeader("Host", "^(Example)", "www.$1") -> redirectTo(301)'), "https://www.example.org/P?q=1");
    equal(run('* -> redirectTo("307") -> <shunt>').status, 307);
    match(problemOf('redirectTo(200, "/")'), /status between 300 and 399/);
    match(problemOf('redirectTo(301, "no-path")'), /with a location as in/);
  });

  it("answer with a content and a status of their own, and nothing behind them sees the request", () => {
    const exchange = run(
      '* -> status(418) -> inlineContent("<html>x") -> setRequestHeader("X", "y") -> setResponseHeader("X", "y") -> "http://a:1"',
    );
    equal(exchange.outcome, "answered");
    equal(exchange.status, 418);
    equal(new TextDecoder().decode(exchange.body), "<html>x");
    deepEqual(exchange.responseHeaders, ["Content-Type", "text/html; charset=utf-8"]);
    equal(getHeader(exchange.requestHeaders, "x"), undefined);
    equal(getHeader(run('* -> inlineContent("{}", "application/json") -> <shunt>').responseHeaders, "content-type"), "application/json");
    equal(run("* -> <shunt>").status, 404);
    equal(run("* -> status(204) -> <shunt>").status, 204);
    match(problemOf("status(99)"), /between 200 and 599/);
  });

  it("may say something and do nothing", () => {
    const exchange = run('* -> comment("x") -> annotate("k", "v") -> "http://a:1"');
    deepEqual([exchange.outcome, exchange.requestHeaders, exchange.responseHeaders], ["sent", ["Host", "example.org"], []]);
  });
});

describe("a registry", () => {
  it("takes filters and predicates of others, each name once", () => {
    const filter = {
      name: "teapot",
      create: () => ({ response: (context: { responseStatus: number }): void => void (context.responseStatus = 418) }),
    };
    const registry = extendRegistry(standardRegistry, {
      filters: [filter],
      predicates: [{ name: "Never", create: () => ({ matches: () => false }) }],
    });
    const { table, problems } = compileTable(
      parseEskip("a: Never() && Weight(9) -> <shunt>; b: * -> teapot() -> <shunt>;", "test"),
      registry,
    );
    deepEqual(problems, []);
    const rehearsal = rehearse(table, rehearsedRequest());
    equal("status" in rehearsal && rehearsal.status, 418);
    const attempts = [
      () => extendRegistry(registry, { filters: [filter] }),
      () => createRegistry({ filters: [], predicates: [{ name: "Host", create: () => ({ matches: () => true }) }] }),
    ];
    for (const attempt of attempts) throws(attempt, { code: "ROUTE_NAME_TAKEN" });
  });
});
