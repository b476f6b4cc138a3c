import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError } from "./errors.ts";
import { savedFields } from "./saved-fields.ts";

const { record, list, text, number } = savedFields((what) => new AppError("TEST_SAVED", `saved: ${what}`));

test("what was saved is what it should be, or the line says what it is not and where", () => {
  assert.deepEqual([record({ a: 1 }, "x"), list([1], "x"), text("", "x"), number(0, "x")], [{ a: 1 }, [1], "", 0]);
  const refused = (read: () => unknown, message: string): void => assert.throws(read, { code: "TEST_SAVED", message: `saved: ${message}` });
  for (const value of [undefined, null, [], "x"]) refused(() => record(value, "a.b"), "a.b is no object");
  for (const value of [undefined, null, {}, "x"]) refused(() => list(value, "a.b"), "a.b is no list");
  for (const value of [undefined, null, 1, []]) refused(() => text(value, "a.b"), "a.b is no text");
  for (const value of [undefined, null, "1", -1, Number.NaN, Number.POSITIVE_INFINITY])
    refused(() => number(value, "a.b"), "a.b is no number from 0");
});
