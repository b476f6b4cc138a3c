import { deepEqual, equal, ok } from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { encodeQuery, maskQuery, queryPairs, queryValue, withQueryValue, withoutQueryValue } from "./query.ts";

const SENDABLE = /^[\x21\x22\x24-\x7e]*$/;
const query = fc.string({ unit: fc.constantFrom("a", "b", "=", "&", "+", "%", "%41", "%c3", ";", "?", "/") });
const text = fc.string({ unit: "binary", minLength: 1 });

describe("a query", () => {
  it("is read as a form is", () => {
    deepEqual(queryPairs("a=1&b&=c&&d=%C3%A4+%2B=x&%zz=%"), [
      ["a", "1"],
      ["b", ""],
      ["", "c"],
      ["d", "ä +=x"],
      ["%zz", "%"],
    ]);
    deepEqual(queryPairs(""), []);
  });

  it("is read as the platform reads it, whatever is sent", () => {
    fc.assert(fc.property(query, (one) => deepEqual(queryPairs(one), [...new URLSearchParams(`&${one}`)])));
  });

  it("has a parameter once after it was set, and not after it was removed; others keep their bytes", () => {
    fc.assert(
      fc.property(query, text, text, (one, name, value) => {
        const set = withQueryValue(one, name, value);
        deepEqual(
          queryPairs(set).filter(([found]) => found === name.toWellFormed()),
          [[name.toWellFormed(), value.toWellFormed()]],
        );
        ok(SENDABLE.test(set));
        equal(queryValue(withoutQueryValue(set, name.toWellFormed()), name.toWellFormed()), undefined);
      }),
    );
    equal(withQueryValue("b=%7E&a=1&c=+&a=2", "a", "3"), "b=%7E&a=3&c=+");
    equal(withoutQueryValue("b=%7E&%61=1&c=+&a=2", "a"), "b=%7E&c=+");
  });

  it("is encoded where it must be and nowhere else", () => {
    fc.assert(fc.property(text, (one) => ok(SENDABLE.test(encodeQuery(one)))));
    fc.assert(fc.property(query, (one) => equal(encodeQuery(encodeQuery(one)), encodeQuery(one))));
    equal(encodeQuery("a=b%20c&d=é #"), "a=b%20c&d=%C3%A9%20%23");
  });

  it("is masked by decoded names", () => {
    equal(maskQuery("a=1&%62=2&c&b", new Set(["b", "c"]), "***"), "a=1&%62=***&c&b");
  });
});
