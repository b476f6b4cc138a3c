import assert from "node:assert/strict";
import { test } from "node:test";
import { placeOfMistake } from "./json-mistake.ts";

test("the first mistake of a text that is no JSON is found by line and column", () => {
  const place = (text: string): string => {
    assert.throws(() => JSON.parse(text), text);
    const { line, column } = placeOfMistake(text);
    return `${line}:${column}`;
  };
  assert.deepEqual(
    [
      '{\n "title": }',
      '{"a" 1}',
      "[1,]",
      '{"a":1,}',
      "[1 2]",
      "[1}",
      '{"a":"\\x"}',
      "{'a':1}",
      "[01]",
      '{"a":[1, 2}',
      '{"a": 1',
      "",
      "1 2",
      "]",
      "[{}\n,\n,",
    ].map(place),
    ["2:11", "1:6", "1:4", "1:8", "1:4", "1:3", "1:6", "1:2", "1:3", "1:11", "1:8", "1:1", "1:3", "1:1", "3:1"],
  );
});
