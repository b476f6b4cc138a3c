import { deepEqual, equal, match } from "node:assert/strict";
import { describe, it } from "node:test";
import { getHeader } from "../header-list.ts";
import { problemOf, runFilters, runRoute } from "../testing/calls.ts";

const HOST = ["Host", "example.org"] as const;

describe("filters of fields", () => {
  it("set, append and drop lines of both directions", () => {
    const exchange = runFilters(
      `setRequestHeader("X-A", "1") -> appendRequestHeader("X-A", "2") -> dropRequestHeader("cookie")
       -> setResponseHeader("X-B", "last") -> appendResponseHeader("X-B", "first")`,
      { headers: [...HOST, "Cookie", "a", "x-a", "0", "COOKIE", "b"] },
    );
    deepEqual(exchange.requestHeaders, [...HOST, "x-a", "1", "X-A", "2"]);
    // The response passes the filters from the last to the first.
    deepEqual(exchange.responseHeaders, ["X-B", "last"]);
    deepEqual(runFilters('dropResponseHeader("x-b") -> setResponseHeader("X-B", "1")').responseHeaders, []);
  });

  it("fill placeholders in, and leave a field alone whose placeholder has no value or an unsafe one", () => {
    const exchange = runRoute(
      `Path("/users/:id/**rest") -> setRequestHeader("X-Id", "\${id}\${rest}/\${request.method}/\${request.query.q}/\${request.header.x-a}/\${request.cookie.c}")
         -> setRequestHeader("X-None", "\${nothing}") -> setRequestHeader("X-Bad", "\${request.query.bad}")
         -> setRequestHeader("X-Client", "\${request.clientIP} \${request.source} \${request.sourceFromLast} \${request.host}") -> "http://a:1"`,
      {
        path: "/users/j%C3%A4n%20x/a/b",
        query: "q=1&bad=%0d%0aEvil:%201",
        headers: ["Host", "Example.org:80", "X-A", "2", "Cookie", "b=1; c=3", "X-Forwarded-For", "203.0.113.9, 10.0.0.1:443"],
      },
    );
    equal(getHeader(exchange.requestHeaders, "x-id"), `${Buffer.from("jän").toString("latin1")} x/a/b/GET/1/2/3`);
    equal(getHeader(exchange.requestHeaders, "x-none"), undefined);
    equal(getHeader(exchange.requestHeaders, "x-bad"), undefined);
    equal(getHeader(exchange.requestHeaders, "x-client"), "192.0.2.1 203.0.113.9 10.0.0.1 example.org");
  });

  it("keep one Host, and never one that is none", () => {
    const cases: readonly (readonly [filter: string, hosts: readonly string[]])[] = [
      ['setRequestHeader("Host", "a.test:80")', ["a.test:80"]],
      ['appendRequestHeader("host", "a.test")', ["a.test"]],
      ['copyRequestHeader("X-From", "Host")', ["from.test"]],
      ['dropRequestHeader("Host")', ["example.org"]],
      ['dropRequestHeaderRegexp("Host", ".*")', ["example.org"]],
      ['setRequestHeader("Host", "${request.query.h}")', ["example.org"]],
      ['modRequestHeader("Host", "example[.]org", "a b")', ["example.org"]],
      ['modRequestHeader("Host", "^(.*)$", "www.$1")', ["www.example.org"]],
    ];
    for (const [filter, hosts] of cases) {
      const { requestHeaders } = runFilters(filter, { headers: [...HOST, "X-From", "from.test"], query: "h=a%20b/c" });
      const found = requestHeaders.filter((_, at) => at % 2 === 1 && requestHeaders[at - 1]?.toLowerCase() === "host");
      deepEqual(found, hosts, filter);
    }
  });

  it("drop the lines whose value an expression matches, under both names", () => {
    for (const suffix of ["HeaderRegexp", "HeaderValueRegexp"]) {
      const { requestHeaders } = runFilters(`dropRequest${suffix}("X-A", "^b")`, {
        headers: [...HOST, "X-A", "b1", "x-a", "a", "X-B", "b", "X-A", "b2"],
      });
      deepEqual(requestHeaders, [...HOST, "x-a", "a", "X-B", "b"]);
      const { responseHeaders } = runFilters(
        `dropResponse${suffix}("X-A", "^b") -> appendResponseHeader("X-A", "a") -> appendResponseHeader("X-A", "b")`,
      );
      deepEqual(responseHeaders, ["X-A", "a"]);
    }
  });

  it("change a value by an expression, of several lines the first", () => {
    const { requestHeaders } = runFilters('modRequestHeader("X-A", "([a-z])1", "${1}2$$") -> modRequestHeader("X-None", "^", "x")', {
      headers: [...HOST, "X-A", "a1 b1", "X-A", "c1"],
    });
    deepEqual(requestHeaders, [...HOST, "X-A", "a2$ b2$"]);
    deepEqual(
      runFilters('modResponseHeader("cache-control", "no-cache", "cache") -> setResponseHeader("Cache-Control", "no-cache")')
        .responseHeaders,
      ["Cache-Control", "cache"],
    );
  });

  it("copy a value to another field, beside what is there", () => {
    for (const name of ["copyRequestHeader", "requestCopyHeader"]) {
      const { requestHeaders } = runFilters(`${name}("X-A", "X-B") -> ${name}("X-None", "X-C")`, {
        headers: [...HOST, "X-A", "1", "X-B", "0"],
      });
      deepEqual(requestHeaders, [...HOST, "X-A", "1", "X-B", "0", "X-B", "1"]);
    }
    for (const name of ["copyResponseHeader", "responseCopyHeader"]) {
      deepEqual(runFilters(`${name}("X-A", "X-B") -> setResponseHeader("X-A", "1")`).responseHeaders, ["X-A", "1", "X-B", "1"]);
    }
  });

  it("write what another filter left, and nothing when it left nothing that is a value", () => {
    const { requestHeaders, responseHeaders } = runFilters(
      `annotate("k", "v") -> setContextRequestHeader("X-A", "annotate") -> appendContextRequestHeader("X-A", "none")
       -> setContextResponseHeader("X-A", "none") -> appendContextResponseHeader("X-A", "annotate")`,
    );
    deepEqual([requestHeaders, responseHeaders], [[...HOST], []]);
  });

  it("refuse to write what frames the message", () => {
    const calls = [
      "setRequestHeader(NAME, `x`)",
      "appendResponseHeader(NAME, `x`)",
      "dropResponseHeader(NAME)",
      "dropRequestHeaderRegexp(NAME, `x`)",
      "modResponseHeader(NAME, `x`, `y`)",
      "copyRequestHeader(`X`, NAME)",
      "setContextRequestHeader(NAME, `x`)",
      "encodeBase64RequestHeader(NAME)",
      "decodeBase64ResponseHeader(NAME)",
      "encodeRequestHeader(NAME, `KOI8R`)",
      "queryToHeader(`q`, NAME)",
    ];
    for (const name of ["Content-Length", "transfer-encoding", "Connection", "Upgrade", "TE"]) {
      for (const call of calls) match(problemOf(call.replace("NAME", `"${name}"`)), /written by the proxy alone/, call);
    }
  });

  it("refuse arguments that are not what they take", () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ['setRequestHeader("X")', /expected \(name, value\), got \("X"\)/],
      ['setResponseHeader("X Y", "x")', /expected \(name, value\) with a field name/],
      ['setResponseHeader("X", "a\\r\\nb")', /printable characters/],
      ["appendRequestHeader()", /expected \(name, value\)/],
      ['appendResponseHeader("X")', /expected \(name, value\)/],
      ["dropRequestHeader()", /expected \(name\)/],
      ['dropResponseHeader("a", "b")', /expected \(name\)/],
      ['dropRequestHeaderRegexp("X", "[")', /not a regular expression/],
      ['dropResponseHeaderValueRegexp("X")', /expected \(name, expression\)/],
      ['modRequestHeader("X", "a")', /expected \(name, expression, replacement\)/],
      ['modResponseHeader("X", "(", "a")', /not a regular expression/],
      ['copyRequestHeader("X")', /expected \(from, to\)/],
      ['setContextRequestHeader("X")', /expected \(name, key\)/],
      ['appendContextResponseHeader("")', /expected \(name, key\)/],
    ];
    for (const [call, message] of cases) match(problemOf(call), message, call);
  });
});

describe("filters of encodings", () => {
  it("encode and decode base64, whole or a part", () => {
    const cases: readonly (readonly [filter: string, value: string, expected: string])[] = [
      ['encodeBase64RequestHeader("X-A")', "a b", "YSBi"],
      ['encodeBase64RequestHeader("X-A", 1)', "Bearer  a", "Bearer YQ=="],
      ['encodeBase64RequestHeader("X-A", 2)', "Bearer a", "Bearer a"],
      ['decodeBase64RequestHeader("X-A")', "YSBi", "a b"],
      ['decodeBase64RequestHeader("X-A", 1)', "Basic YTpi", "Basic a:b"],
      ['decodeBase64RequestHeader("X-A")', "YSB", "YSB"],
      // It would be a line of its own.
      ['decodeBase64RequestHeader("X-A")', Buffer.from("a\r\nX-Evil: 1").toString("base64"), "YQ0KWC1FdmlsOiAx"],
    ];
    for (const [filter, value, expected] of cases) {
      equal(getHeader(runFilters(filter, { headers: [...HOST, "X-A", value] }).requestHeaders, "x-a"), expected, filter);
    }
    const back = 'decodeBase64ResponseHeader("X-A") -> encodeBase64ResponseHeader("X-A") -> setResponseHeader("X-A", "é")';
    equal(getHeader(runFilters(back).responseHeaders, "x-a"), Buffer.from("é").toString("latin1"));
  });

  it("write UTF-8 in another character set, or nothing when it has not all characters", () => {
    const cases: readonly (readonly [charset: string, text: string, bytes: string])[] = [
      ["Windows1252", "5 €", "5 \x80"],
      ["ISO8859_1", "é", "\xe9"],
      ["ISO8859_1", "€", ""],
      ["ISO8859_9", "ş", "\xfe"],
      ["ISO8859_15", "€", "\xa4"],
      ["KOI8R", "Д", "\xe4"],
      ["Macintosh", "é", "\x8e"],
    ];
    for (const [charset, text, bytes] of cases) {
      const headers = [...HOST, "X-A", Buffer.from(text).toString("latin1")];
      equal(getHeader(runFilters(`encodeRequestHeader("X-A", "${charset}")`, { headers }).requestHeaders, "x-a"), bytes, charset);
    }
    const { responseHeaders } = runFilters('encodeResponseHeader("X-A", "Windows1252") -> setResponseHeader("X-A", "€")');
    equal(getHeader(responseHeaders, "x-a"), "\x80");
  });

  it("refuse arguments that are not what they take", () => {
    match(problemOf("encodeBase64RequestHeader()"), /expected \(name\[, index\]\)/);
    match(problemOf('decodeBase64ResponseHeader("X", -1)'), /index between 0 and 1000/);
    match(problemOf('encodeRequestHeader("X", "UTF8")'), /one of ISO8859_1, /);
    match(problemOf('encodeResponseHeader("X")'), /expected \(name, charset\)/);
  });
});
