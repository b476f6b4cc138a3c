import { equal, match } from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import type { MatchInput } from "../predicate.ts";
import { matches, problemOf } from "../testing/calls.ts";

type Case = readonly [predicates: string, input: Partial<MatchInput>, expected: boolean];

function check(cases: readonly Case[]): void {
  for (const [predicates, input, expected] of cases) {
    equal(matches(predicates, input), expected, `${predicates} for ${JSON.stringify(input)}`);
  }
}

function refuses(cases: readonly (readonly [call: string, message: RegExp])[]): void {
  for (const [call, message] of cases) match(problemOf(call), message, call);
}

function fields(...requestHeaders: string[]): Partial<MatchInput> {
  return { requestHeaders };
}

function bearer(claims: unknown): Partial<MatchInput> {
  return fields("Authorization", `Bearer e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.sig`);
}

const sha = (text: string): string => createHash("sha256").update(text).digest("hex");

describe("predicates of the request line", () => {
  it("match methods, Methods in any case", () => {
    check([
      ['Method("GET")', {}, true],
      ['Method("get")', {}, false],
      ['Methods("post", "GET")', {}, true],
      ['Methods("post", "PUT")', {}, false],
    ]);
    refuses([
      ["Method()", /^Method\(\): expected \(method\), got \(\)$/],
      ['Method("G T")', /methods of letters/],
      ["Methods()", /expected \(method, …\), got \(\)/],
      ['Methods("GET", "")', /methods of letters/],
    ]);
  });

  it("match query parameters by their decoded name, any of their values", () => {
    check([
      ['QueryParam("q")', { query: "a=1&q" }, true],
      ['QueryParam("q")', { query: "a=q&qq=1" }, false],
      ['QueryParam("q")', { query: "" }, false],
      ['QueryParam("q", "^b c$")', { query: "q=a&q=b+c" }, true],
      ['QueryParam("q", "^b c$")', { query: "%71=b%20c" }, true],
      ['QueryParam("q", "^$")', { query: "q=a" }, false],
    ]);
    refuses([
      ["QueryParam()", /expected \(name\[, value\]\), got \(\)/],
      ['QueryParam("q", "(")', /not a regular expression/],
      ['QueryParam("a", "b", "c")', /expected/],
    ]);
  });

  it("match the path with an expression", () => {
    check([
      ['PathRegexp("^/a/[0-9]+$")', { matchPath: "/a/12" }, true],
      ['PathRegexp("^/a/[0-9]+$")', { matchPath: "/a/b" }, false],
    ]);
    refuses([['PathRegexp("(?=a)")', /not a regular expression in RE2 syntax/]]);
  });
});

describe("predicates of fields", () => {
  it("match a value, on any line of the field", () => {
    check([
      ['Header("X-A", "b")', fields("x-a", "a", "X-A", "b"), true],
      ['Header("X-A", "b")', fields("x-a", "bb"), false],
      ['HeaderRegexp("X-A", "^b")', fields("x-a", "a", "X-A", "bb"), true],
      ['HeaderRegexp("X-A", "^b")', fields("x-b", "b"), false],
      ['Cookie("c", "^1$")', fields("Cookie", "b=1", "cookie", 'a=2; c="1"'), true],
      ['Cookie("c", "")', fields("Cookie", "b=c"), false],
    ]);
    refuses([
      ['Header("X")', /expected \(name, value\), got \("X"\)/],
      ['HeaderRegexp("X", "[")', /not a regular expression/],
      ['Cookie("X")', /expected \(name, value\)/],
    ]);
  });

  it("match a hash of a field's only value", () => {
    check([
      [`HeaderSHA256("X-Key", "${sha("other")}", "${sha("secret").toUpperCase()}")`, fields("x-key", "secret"), true],
      [`HeaderSHA256("X-Key", "${sha("£")}")`, fields("x-key", Buffer.from("£").toString("latin1")), true],
      [`HeaderSHA256("X-Key", "${sha("secret")}")`, fields("x-key", "secrets"), false],
      [`HeaderSHA256("X-Key", "${sha("secret")}")`, fields("x-key", "secret", "X-Key", "secret"), false],
      [`HeaderSHA256("X-Key", "${sha("")}")`, fields("x-key", ""), false],
      [`HeaderSHA256("X-Key", "${sha("")}")`, {}, false],
    ]);
    refuses([
      ['HeaderSHA256("X-Key")', /expected \(name, hash, …\)/],
      ['HeaderSHA256("X-Key", "abcd")', /64 hexadecimal digits/],
    ]);
  });

  it("match the length a request says its body has", () => {
    check([
      ["ContentLengthBetween(0, 10)", fields("Content-Length", "0"), true],
      ["ContentLengthBetween(5, 10)", fields("Content-Length", "5"), true],
      ["ContentLengthBetween(5, 10)", fields("Content-Length", "10"), false],
      ["ContentLengthBetween(0, 10)", {}, false],
      ["ContentLengthBetween(0, 10)", fields("Content-Length", "x"), false],
    ]);
    refuses([
      ["ContentLengthBetween(10, 10)", /max more than min/],
      ["ContentLengthBetween(-1, 10)", /min at least 0|min between 0/],
      ['ContentLengthBetween(1, "x")', /expected \(min, max\)/],
    ]);
  });

  it("match members of baggage", () => {
    check([
      ['OTelBaggage("user")', fields("baggage", "a=1, user = x;meta=1"), true],
      ['OTelBaggage("user", "x y")', fields("Baggage", "user=x%20y"), true],
      ['OTelBaggage("user", "x")', fields("baggage", "user=y"), false],
      ['OTelBaggage("user", "y")', fields("baggage", "user=x", "baggage", "a=1,user=y"), true],
      ['OTelBaggage("x")', fields("baggage", "user=x"), false],
    ]);
    refuses([["OTelBaggage()", /expected \(key\[, value\]\)/]]);
  });

  it("match what the last proxy said in Forwarded", () => {
    const two = fields("Forwarded", "host=example.com;proto=https, host=example.org");
    check([
      ["ForwardedHost(/^example\\.org$/)", two, true],
      ["ForwardedHost(/^example\\.com$/)", two, false],
      ['ForwardedProtocol("https")', two, true],
      ['ForwardedProtocol("http")', two, false],
      ['ForwardedHost("^a;b,c$")', fields("forwarded", 'for=1;Host="a;b,c"'), true],
      ['ForwardedHost("^b$")', fields("forwarded", "host=a", "Forwarded", "host=b"), true],
      ['ForwardedHost("^a$")', fields("forwarded", 'host=a;for="x,host=b\\",host=c'), true],
      ['ForwardedProtocol("https")', fields("forwarded", 'proto = "HTTP\\S" '), true],
      ['ForwardedHost(".*")', fields("forwarded", `${"a".repeat(200_000)}="`), false],
      ['ForwardedHost(".*")', {}, false],
    ]);
    refuses([
      ['ForwardedHost("")', /not empty/],
      ['ForwardedProtocol("ftp")', /"http" or "https"/],
    ]);
  });

  it("match claims of a token they do not believe", () => {
    const token = bearer({ iss: "https://a", sub: "me", n: 1 });
    check([
      ['JWTPayloadAnyKV("iss", "x", "sub", "me")', token, true],
      ['JWTPayloadAllKV("iss", "https://a", "sub", "me")', token, true],
      ['JWTPayloadAllKV("iss", "x", "sub", "me")', token, false],
      ['JWTPayloadAnyKV("iss", "https://")', token, false],
      ['JWTPayloadAnyKVRegexp("iss", "^https://")', token, true],
      ['JWTPayloadAllKVRegexp("iss", "^https://", "sub", "^x")', token, false],
      ['JWTPayloadAnyKVRegexp("n", "1")', token, false],
      ['JWTPayloadAnyKVRegexp("constructor", "")', token, false],
      ['JWTPayloadAnyKVRegexp("0", "")', bearer(["x"]), false],
      ['JWTPayloadAnyKVRegexp("a", "")', fields("Authorization", "Bearer e30.!!!.x"), false],
      ['JWTPayloadAnyKVRegexp("a", "")', fields("Authorization", "Bearer e30.bm8.x"), false],
      ['JWTPayloadAnyKVRegexp("a", "")', {}, false],
    ]);
    for (const name of ["JWTPayloadAnyKV", "JWTPayloadAllKV", "JWTPayloadAnyKVRegexp", "JWTPayloadAllKVRegexp"]) {
      refuses([
        [`${name}()`, /expected \(claim, value, …\), got \(\)/],
        [`${name}("a", "b", "c")`, /expected \(claim, value, …\)/],
      ]);
    }
    refuses([['JWTPayloadAnyKVRegexp("a", "[")', /not a regular expression/]]);
  });
});

describe("predicates of addresses", () => {
  it("take the first, the last or the proven address", () => {
    const behind: Partial<MatchInput> = { clientAddress: "198.51.100.7", forwardedFor: "10.1.2.3, 198.51.100.7:1234" };
    check([
      ['Source("10.0.0.0/8")', behind, true],
      ['Source("198.51.100.7")', behind, false],
      ['SourceFromLast("198.51.100.0/24")', behind, true],
      ['SourceFromLast("10.0.0.0/8")', behind, false],
      ['ClientIP("10.0.0.0/8", "198.51.100.7")', behind, true],
      ['ClientIP("10.0.0.0/8")', behind, false],
      ['Source("192.0.2.1")', {}, true],
      ['SourceFromLast("192.0.2.1")', { forwardedFor: "unknown" }, true],
      ['Source("2001:db8::/32")', { forwardedFor: "[2001:db8::1]:443, 10.0.0.1" }, true],
      ['ClientIP("2001:db8::/32")', { clientAddress: "2001:db8::9" }, true],
    ]);
  });

  it("do not take the address that an untrusted client claims", () => {
    check([['Source("10.0.0.0/8")', fields("X-Forwarded-For", "10.0.0.1"), false]]);
  });

  it("refuse what is no range", () => {
    for (const name of ["Source", "SourceFromLast", "ClientIP"]) {
      refuses([
        [`${name}()`, /expected \(range, …\)/],
        [`${name}("10.0.0.0/33")`, /as in 10\.2\.0\.0\/16/],
        [`${name}("10.0.0.0/8/8")`, /as in 10\.2\.0\.0\/16/],
        [`${name}("example.org")`, /as in 10\.2\.0\.0\/16/],
      ]);
    }
  });
});

describe("predicates of state", () => {
  it("hold always, never, at the end, and for requests of our own", () => {
    check([
      ["True()", {}, true],
      ["False()", {}, false],
      ["Shutdown()", {}, false],
      ["Shutdown()", { isDraining: true }, true],
      ['Tee("a")', {}, false],
      ['Tee("a")', { teeLabel: "a" }, true],
      ['Tee("b")', { teeLabel: "a" }, false],
    ]);
    refuses([
      ["True(1)", /expected \(\), got \(1\)/],
      ["False(1)", /expected \(\)/],
      ["Shutdown(1)", /expected \(\)/],
      ['Tee("")', /a label that is not empty/],
    ]);
  });

  it("split by chance, and by cookie", () => {
    const cookie = (value: string): Partial<MatchInput> => ({ ...fields("Cookie", `group=${value}`), random: { next: () => 0 } });
    check([
      ["Traffic(0.5)", { random: { next: () => 0.49 } }, true],
      ["Traffic(0.5)", { random: { next: () => 0.5 } }, false],
      ['Traffic(0, "group", "a")', cookie("a"), true],
      ['Traffic(1, "group", "a")', cookie("b"), false],
      ['Traffic(1, "group", "a")', {}, true],
      ["TrafficSegment(0.2, 0.4)", { random: { next: () => 0.2 } }, true],
      ["TrafficSegment(0.2, 0.4)", { random: { next: () => 0.4 } }, false],
    ]);
    refuses([
      ["Traffic(1.1)", /share between 0 and 1/],
      ['Traffic(1, "c")', /both cookie and group/],
      ["TrafficSegment(0.5, 0.4)", /0 <= from <= to <= 1/],
      ["TrafficSegment(0.5)", /expected \(from, to\)/],
    ]);
  });
});
