import assert from "node:assert/strict";
import { test } from "node:test";
import { applyJsonPatch } from "./json-patch.ts";
import type { Json } from "./json.ts";
import { StatusError } from "./status.ts";

const patched = (document: Json, ...operations: Json[]): Json => applyJsonPatch(document, operations);

test("the six operations do what RFC 6902 appendix A shows", () => {
  assert.deepEqual(patched({ foo: "bar" }, { op: "add", path: "/baz", value: "qux" }), { foo: "bar", baz: "qux" });
  assert.deepEqual(patched({ foo: ["bar", "baz"] }, { op: "add", path: "/foo/1", value: "qux" }), { foo: ["bar", "qux", "baz"] });
  assert.deepEqual(patched({ foo: ["bar"] }, { op: "add", path: "/foo/-", value: ["abc"] }), { foo: ["bar", ["abc"]] });
  assert.deepEqual(patched({ baz: 1, foo: 2 }, { op: "remove", path: "/baz" }), { foo: 2 });
  assert.deepEqual(patched({ foo: ["a", "b", "c"] }, { op: "remove", path: "/foo/1" }), { foo: ["a", "c"] });
  assert.deepEqual(patched({ a: { b: 1 } }, { op: "replace", path: "/a/b", value: 2 }), { a: { b: 2 } });
  assert.deepEqual(patched({ a: { b: 1 }, c: {} }, { op: "move", from: "/a/b", path: "/c/d" }), { a: {}, c: { d: 1 } });
  assert.deepEqual(patched({ a: [1] }, { op: "copy", from: "/a", path: "/b" }, { op: "add", path: "/b/-", value: 2 }), {
    a: [1],
    b: [1, 2],
  });
  assert.deepEqual(patched({ "a/b": 1, "m~n": 2 }, { op: "test", path: "/a~1b", value: 1 }, { op: "test", path: "/m~0n", value: 2 }), {
    "a/b": 1,
    "m~n": 2,
  });
  assert.deepEqual(patched({ a: 1 }, { op: "replace", path: "", value: { b: 2 } }), { b: 2 });
});

for (const [why, document, operation, code] of [
  ["a test that fails", { a: 1 }, { op: "test", path: "/a", value: 2 }, 422],
  ["a place that is not there", { a: 1 }, { op: "remove", path: "/b" }, 422],
  ["an index past the end", { a: [1] }, { op: "add", path: "/a/2", value: 1 }, 422],
  ["an index with a leading zero", { a: [1, 2] }, { op: "remove", path: "/a/01" }, 422],
  ["an operation that is none", { a: 1 }, { op: "spam", path: "/a" }, 400],
  ["a path that is no pointer", { a: 1 }, { op: "remove", path: "a" }, 400],
  ["a value that is missing", {}, { op: "add", path: "/a" }, 400],
  ["a path into __proto__", {}, { op: "add", path: "/__proto__/polluted", value: true }, 400],
] as const) {
  test(`${why} is refused with ${code}`, () => {
    assert.throws(
      () => patched(structuredClone(document) as Json, operation),
      (error) => error instanceof StatusError && error.code === code,
    );
  });
}
