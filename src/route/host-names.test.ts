import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { HostNames } from "./host-names.ts";

test("names lead to their numbers, however many there are, and no other name does", () => {
  const name = fc.oneof(fc.string({ unit: fc.constantFrom("a", "b", ".", "ü", "\0"), maxLength: 4 }), fc.domain());
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.nat(), fc.integer({ min: 1, max: 9 })), { maxLength: 200 }), fc.array(name), (given, others) => {
      const names = new HostNames();
      const expected = new Map<string, readonly [number, number]>();
      for (const [word, first, second] of given) {
        const slot = names.add(`..${word}..`, 2, 2 + word.length);
        if (slot === undefined) throw new Error(`${word} is not taken`);
        const known = expected.get(word) ?? [0, 0];
        deepEqual([names.first(slot), names.second(slot)], known);
        names.set(slot, first, second);
        expected.set(word, [first, second]);
      }
      for (const word of [...expected.keys(), ...others]) {
        const slot = names.find(word);
        deepEqual(slot < 0 ? undefined : [names.first(slot), names.second(slot)], expected.get(word));
      }
      equal([...names.slots()].length, expected.size);
    }),
  );
});

test("many names are found among many", () => {
  const names = new HostNames();
  for (let at = 0; at < 20_000; at++) names.set(names.add(`host-${at}.example.org`, 0, `host-${at}.example.org`.length) ?? -1, at, 1);
  for (let at = 0; at < 20_000; at++) equal(names.first(names.find(`host-${at}.example.org`)), at);
  equal(names.find("host-20000.example.org"), -1);
});

test("what no Host field can say is not taken", () => {
  const names = new HostNames();
  for (const word of ["\u{1f600}.org", "\u0100", "a".repeat(65_536)]) equal(names.add(word, 0, word.length), undefined);
  equal(names.find("\u0100"), -1);
});
