import { deepEqual, equal, ok } from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { encodePath, normalizePath, splitAuthority } from "./path.ts";

function pathOf(raw: string): string {
  const normal = normalizePath(raw);
  ok("path" in normal, `${raw} is refused`);
  return normal.path;
}

const piece = fc.constantFrom(
  "/",
  "//",
  "a",
  ".",
  "..",
  "%2e",
  "%2E",
  "%2f",
  "%5c",
  "%41",
  "%c3",
  "%",
  "?",
  "~",
  ";",
  "+",
  "%2B",
  "%00",
  "b c",
  "é",
);

describe("the reading of a path", () => {
  it("leaves a plain path as it is, the very same string", () => {
    for (const path of ["/", "/a", "/a/", "/a/b.c/d-e_~", "/.well-known/x", "/a..b/...", "/a;b=c/d+e"]) equal(pathOf(path), path);
  });

  it("decodes what stands for itself and upper-cases the rest", () => {
    equal(pathOf("/%61%7e/%c3%a9%3b%2b"), "/a~/%C3%A9%3B%2B");
  });

  it("resolves dot segments, encoded ones too, once", () => {
    equal(pathOf("/a/./b/../c"), "/a/c");
    equal(pathOf("/a/%2e%2E/b"), "/b");
    equal(pathOf("/a/b/.."), "/a/");
    equal(pathOf("/a/."), "/a/");
    equal(pathOf("/a/.."), "/");
    equal(pathOf("/%252e%252e/a"), "/%252e%252e/a");
  });

  it("takes runs of slashes as one", () => {
    equal(pathOf("//a///b//"), "/a/b/");
  });

  it("forwards an encoded slash and matches it as a slash, as back ends do that decode first", () => {
    deepEqual(normalizePath("/a%2fb/c"), { path: "/a%2Fb/c", matchPath: "/a/b/c" });
    deepEqual(normalizePath("/a%2f/b"), { path: "/a%2F/b", matchPath: "/a/b" });
  });

  it("refuses what means one thing to it and may mean another to a back end", () => {
    for (const path of [
      "/..",
      "/a/../../b",
      "/a/..%2fb",
      "/a%2f..%2fb",
      "/a%5c..%5cb",
      "/a/..;/b",
      "/.;b=c",
      "/a%2f%2e%2e%3bb",
      "/a\\b",
      "/a%00",
      "/a%",
      "/a%g0",
      "/a b",
      "/a\u00e9",
      "a",
      "",
      "*",
      "/a#b",
      "/a?b",
    ]) {
      ok("refusal" in normalizePath(path), path);
    }
  });

  it("never leaves a dot segment, an empty segment or a raw byte it would refuse, and reads its own result as it is", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const normal = normalizePath(`/${pieces.join("")}`);
        if ("refusal" in normal) return;
        const segments = normal.matchPath.split(/\/|%5C/);
        ok(!segments.includes("..") && !segments.includes("."));
        ok(!normal.matchPath.includes("//") && !/%2f/i.test(normal.matchPath));
        ok(/^[\x21-\x7e]+$/.test(normal.path));
        deepEqual(normalizePath(normal.path), normal);
      }),
    );
  });

  it("can read whatever text was encoded first, if it does not lead above the root", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const normal = normalizePath(`/x/${encodePath(text).replaceAll("%00", "").replaceAll("..", "")}`);
        ok("path" in normal || /dot segment/.test(normal.refusal));
      }),
    );
  });
});

describe("a Host field", () => {
  it("is read in lower case, without trailing dot, and with its port apart", () => {
    deepEqual(splitAuthority("Example.ORG.:8080"), { host: "example.org", port: "8080" });
    deepEqual(splitAuthority("example.org"), { host: "example.org", port: "" });
    deepEqual(splitAuthority("[2001:DB8::1]:80"), { host: "[2001:db8::1]", port: "80" });
    deepEqual(splitAuthority("[2001:db8::1]"), { host: "[2001:db8::1]", port: "" });
  });
});
