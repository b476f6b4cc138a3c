import { equal, throws } from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { readClaimsQuery } from "./claims-query.ts";

const claims = {
  email: "someone@example.org",
  groups: ["CD-xyz", "appX-Test-Users", "Purchasing-Department", "white space"],
  name: "Some One",
  sub: "somesub",
  level: 3,
  verified: true,
  empty: [],
  roles: [
    { name: "a", on: { shop: 1 } },
    { name: "b", level: 7 },
  ],
  "https://a.b/c": "x",
  nothing: null,
};

test("queries hold as Skipper's pages say", () => {
  for (const query of [
    "email",
    'groups.#[=="CD-xyz"]',
    'groups.#(%"CD-*")',
    'groups.#(%"*-Test-Users")',
    'groups.#(=="white space")',
    '[@this].#(sub=="somesub")',
    '@_:email%"*@example.org"',
    '@_:sub=="somesub"',
    '@_:name%"*One"',
    'name%"*One"',
    "level>2",
    "@_:level==3",
    "@_:level>=3",
    '@_:level=="3"',
    "@_:verified==true",
    '@_:sub!="other"',
    '@_:sub!%"other*"',
    "roles.#.level",
    'roles.#(name=="b").level',
    'roles.#(name%"?")#.level',
    "roles.0.on.shop",
    "roles.#(on.shop==1)",
    "e*l",
    "https://a\\.b/c",
    "@this.sub",
    "nothing",
  ])
    equal(readClaimsQuery(query).holds(claims), true, query);
  for (const query of [
    "phone",
    "email.x",
    'groups.#[=="cd-xyz"]',
    'groups.#(%"Shipping*")',
    'groups.#(%"CD-")',
    'groups.#(%"Shipping*")#',
    '@_:email%"*@evil.org"',
    '@_:email%"*@example.org?"',
    '@_:phone!="x"',
    'name%"*Two"',
    "@_:level>3",
    "@_:verified==false",
    "@_:nothing==0",
    '@_:groups=="CD-xyz"',
    "empty.#",
    'roles.#(name=="a").level',
    "constructor",
    "__proto__",
    "groups.length",
    "toString",
  ])
    equal(readClaimsQuery(query).holds(claims), false, query);
});

test("what is not of the syntax is refused", () => {
  for (const query of [
    "",
    ".",
    "a..b",
    "a|b",
    "@reverse",
    "{a,b}",
    "[a,b]",
    "groups.#(",
    'groups.#("x"',
    "groups.#()",
    "@_:",
    "@_:a==b",
    "a.#(b==)",
    "(a)",
  ])
    throws(() => readClaimsQuery(query), Error, query);
});

test("whatever the query and the data, it is refused or answers in time", () => {
  const part = fc.constantFrom("a", "*", "?", ".", "#", "(", ")", "[", "]", "==", "%", '"', "\\", "@this", "@_:", "1", "a*a*");
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), fc.object({ key: fc.constantFrom("a", "b", "1") }), (parts, data) => {
      let query;
      try {
        query = readClaimsQuery(parts.join(""));
      } catch {
        return;
      }
      equal(typeof query.holds(data), "boolean");
    }),
    { numRuns: 2_000 },
  );
});
