import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { addHeader, findHeader, getHeader, removeHeader, sameName, setHeader } from "./header-list.ts";

const name = fc.constantFrom("a", "A", "Accept", "accept", "X-1", "x-1", "[", "{", "@", "`");
const lines = fc.array(fc.tuple(name, fc.string())).map((pairs) => pairs.flat());

describe("a header list", () => {
  it("compares names without ASCII case and nothing else", () => {
    fc.assert(
      fc.property(name, name, (left, right) => {
        equal(sameName(left, right), left.toLowerCase() === right.toLowerCase());
      }),
    );
  });

  it("finds every line of a name, in order", () => {
    const list = ["Accept", "1", "x", "2", "ACCEPT", "3"];
    equal(getHeader(list, "accept"), "1");
    equal(findHeader(list, "accept", 2), 4);
    equal(findHeader(list, "accept", 6), -1);
    equal(getHeader(list, "y"), undefined);
  });

  it("sets one line at the place of the first and keeps all others", () => {
    const list = ["x", "1", "Accept", "2", "y", "3", "accept", "4", "z", "5"];
    setHeader(list, "ACCEPT", "new");
    deepEqual(list, ["x", "1", "Accept", "new", "y", "3", "z", "5"]);
    setHeader(list, "w", "6");
    deepEqual(list.slice(-2), ["w", "6"]);
  });

  it("leaves no line of a removed name and every other as it was", () => {
    fc.assert(
      fc.property(lines, name, (list, removed) => {
        const expected: string[] = [];
        for (let at = 0; at < list.length; at += 2) {
          if (list[at]?.toLowerCase() !== removed.toLowerCase()) expected.push(list[at] ?? "", list[at + 1] ?? "");
        }
        removeHeader(list, removed);
        deepEqual(list, expected);
        addHeader(list, removed, "back");
        equal(getHeader(list, removed), "back");
      }),
    );
  });
});
