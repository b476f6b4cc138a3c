import { deepEqual, equal, match, ok } from "node:assert/strict";
import { it } from "node:test";
import * as fc from "fast-check";
import { AppError } from "../../kernel/index.ts";
import type { CallDocumentation, Parameter } from "../call-documentation.ts";
import type { Argument } from "../definition.ts";
import type { FilterSpec } from "../filter.ts";
import type { PredicateSpec } from "../predicate.ts";
import { createRegistry } from "../registry.ts";
import { type Rehearsal, rehearse } from "../rehearse.ts";
import { compileTable } from "../table.ts";
import { matchInput, rehearsedRequest } from "./requests.ts";

const name = fc.constantFrom("Host", "X-A", "x-a", "Cookie", "Set-Cookie", "q", "annotate");
const flag = fc.constantFrom("true", "false", "reuse", "", "1", "http", "https", "change-only", "%s", "a=%s%%", "Windows1252", "* * * * *");
const place = fc.constantFrom("/x", "https://a.test/", "a.test:80", "10.0.0.0/8", "2026-01-01T00:00:00Z", "Europe/Berlin", "00ff");
const template = fc.constantFrom("${request.header.X-A}", "/${request.query.q}", "${*}", "a ${request.cookie.a}", "b");
const expression = fc.constantFrom("(.*)", "^", "a|$", "[^a]+");
const number = fc.oneof(fc.constantFrom(0, 1, 301, 404, 0.5, -1), fc.double({ noNaN: true, max: 1e6 }));
const duration = fc.constantFrom("1s", "1m30s", "0", "-1s", 100, "1000h");
const anything = fc.oneof(name, flag, place, template, expression, number, fc.string({ unit: "binary" }));

/** What stands in the place of a parameter: mostly what belongs there. */
function argumentFor({ type }: Parameter): fc.Arbitrary<Argument> {
  const texts = fc.oneof(name, flag, place, template);
  const fitting = { text: texts, template, expression, number, time: place, duration }[type];
  return fc.oneof({ weight: 6, arbitrary: fitting }, { weight: 1, arbitrary: anything });
}

function argumentsFor({ documentation }: { readonly documentation?: CallDocumentation }): fc.Arbitrary<readonly Argument[]> {
  const parameters = documentation?.parameters ?? [];
  const required = parameters.filter(({ occurs }) => occurs === undefined || occurs === "repeated");
  const shaped = [required, parameters].map((list) => fc.tuple(...list.map(argumentFor)));
  return fc.oneof({ weight: 4, arbitrary: fc.oneof(...shaped) }, { weight: 1, arbitrary: fc.array(anything, { maxLength: 4 }) });
}

// What a parser of heads lets through: bytes, one character each.
const value = fc.constantFrom(
  "",
  "a",
  "b.test",
  "a b",
  'a=1; b="2"',
  "q=1,x;y",
  "YQ0KWC1FdmlsOiAx",
  "Bearer YQ0K",
  "\x80\xff",
  "$1 ${*}",
  "a\tb",
  "10.0.0.1, x",
);
const fields = fc.record({ "X-A": value, Cookie: value, "X-Forwarded-For": value, Authorization: value, Forwarded: value, baggage: value });
const query = fc
  .array(fc.constantFrom("q=%0d%0aX-Evil:%201", "q=a+b%20c", "q=%C3%A4", "q=..%2F..", "%00=%ff", "a=1", "q", "%", "q=\"'\\", "q=a.test"), {
    maxLength: 4,
  })
  .map((pairs) => pairs.join("&"));

/** The spec built, or undefined when it refuses; whatever it throws must be an error that says so. */
function attempt<Built>(create: () => Built): Built | undefined {
  try {
    return create();
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    match(thrown.code, /^ROUTE_(ARGUMENT|REGEXP)$/);
    return undefined;
  }
}

function listOf(headers: Readonly<Record<string, string>>): string[] {
  return ["Host", "example.org", ...Object.entries(headers).flat()];
}

function checkSendable(rehearsal: Rehearsal): void {
  // A filter that waits goes on in a router only; one that leads a request in a circle is stopped.
  if (rehearsal.outcome === "unfinished" || rehearsal.outcome === "broken") return;
  if (!("path" in rehearsal)) throw new Error(rehearsal.outcome);
  match(rehearsal.path, /^\/[\x21\x22\x24-\x7e]*$/);
  match(rehearsal.query, /^[\x21\x22\x24-\x7e]*$/);
  for (const list of [rehearsal.requestHeaders, rehearsal.responseHeaders]) {
    for (let at = 0; at < list.length; at += 2) {
      match(list[at] ?? "", /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/);
      match(list[at + 1] ?? "", /^[\t\x20-\x7e\x80-\xff]*$/);
    }
  }
  equal(rehearsal.requestHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === "host").length, 1);
  ok(rehearsal.status === undefined || (rehearsal.status >= 200 && rehearsal.status <= 599));
}

/** Declares a test for each: predicates answer whatever they were given, or are refused with a reason. */
export function testPredicates(specs: Iterable<PredicateSpec>): void {
  for (const spec of specs) {
    void it(`${spec.name} is refused with a reason, or answers yes or no`, () => {
      fc.assert(
        fc.property(argumentsFor(spec), fields, query, (given, headers, one) => {
          const predicate = attempt(() => spec.create(given));
          const input = matchInput({ requestHeaders: listOf(headers), query: one, forwardedFor: headers["X-Forwarded-For"] });
          if (predicate !== undefined) equal(typeof predicate.matches(input, { segment: () => 0.5 }), "boolean");
        }),
        { numRuns: 150 },
      );
    });
  }
}

/** Declares a test for each: filters leave heads that can be sent whatever they were given, or are refused with a reason. */
export function testFilters(specs: Iterable<FilterSpec>): void {
  for (const spec of specs) {
    void it(`${spec.name} is refused with a reason, or leaves heads that can be sent`, () => {
      fc.assert(
        fc.property(argumentsFor(spec), fields, query, fc.boolean(), (given, headers, one, isShunt) => {
          const filter = attempt(() => spec.create(given));
          if (filter === undefined) return;
          const built: FilterSpec = { name: "built", create: () => filter };
          const { table, problems } = compileTable(
            {
              routes: [
                {
                  id: "a",
                  predicates: [{ name: "PathSubtree", args: ["/"] }],
                  filters: [{ name: "built", args: [] }],
                  backend: isShunt ? { type: "shunt" } : { type: "network", address: "http://a:1" },
                },
              ],
            },
            createRegistry({ predicates: [], filters: [built] }),
          );
          deepEqual(problems, []);
          checkSendable(rehearse(table, rehearsedRequest({ headers: listOf(headers), query: one, path: "/x/%C3%A4" })));
        }),
        { numRuns: 150 },
      );
    });
  }
}
