import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";

const root = new URL("../", import.meta.url).pathname;
const PAGE = "docs/explanation/incidents-alb.md";
/** How many incidents of each kind are known: of these each has a row. */
const KNOWN: Readonly<Record<string, number>> = { K: 22, L: 15, P: 4 };
/** Incidents whose rows say that no test is named after them. A number goes from here when its test comes. */
const UNTESTED: readonly string[] = [];

interface Row {
  readonly cells: readonly string[];
  /** `file: title`, as {@link testsByNumber} has it. */
  readonly tests: readonly string[];
}

function rowsByNumber(): ReadonlyMap<string, Row> {
  const rows = [...readFileSync(join(root, PAGE), "utf8").matchAll(/^\| ([KLP]\d+) \| (.*) \|$/gm)].map(
    ([, number = "", rest = ""]): readonly [string, Row] => {
      const cells = rest.split(" | ");
      const links = (cells[2] ?? "").matchAll(/\[([^[\]]+)\]\(([^()]+)\)/g);
      return [number, { cells, tests: [...links].map(([, title = "", path = ""]) => `${join(dirname(PAGE), path)}: ${title}`) }];
    },
  );
  assert.equal(new Set(rows.map(([number]) => number)).size, rows.length, "each number has one row");
  return new Map(rows);
}

/** Tests whose titles begin with the numbers of incidents, by number. What a title takes from a table of cases is `…`. */
function testsByNumber(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const file of globSync("{src,test}/**/*.test.ts", { cwd: root }))
    for (const [, , numbers = "", title = ""] of readFileSync(join(root, file), "utf8").matchAll(
      /\btest\(\s*(["'`])((?:[KLP]\d+, )*[KLP]\d+): (.*?)\1,/g,
    ))
      for (const number of numbers.split(", ")) {
        const tests = found.get(number) ?? [];
        found.set(number, [...tests, `${relative(root, join(root, file))}: ${title.replaceAll(/\$\{[^}]*\}/g, "…")}`]);
      }
  return found;
}

test("each known incident has a row: what happened, what is done here, and either its tests or that there is none", () => {
  const rows = rowsByNumber();
  const numbers = Object.entries(KNOWN).flatMap(([kind, count]) => Array.from({ length: count }, (_none, at) => `${kind}${at + 1}`));
  assert.deepEqual(
    numbers.filter((number) => !rows.has(number)),
    [],
  );
  const broken = [...rows].filter(
    ([, { cells, tests }]) => cells.length !== 3 || cells.includes("") || (tests.length === 0) !== /^not tested: \S/.test(cells[2] ?? ""),
  );
  assert.deepEqual(
    broken.map(([number]) => number),
    [],
  );
  assert.deepEqual(
    [...rows].filter(([, { tests }]) => tests.length === 0).map(([number]) => number),
    UNTESTED,
  );
});

test("the tests that rows name are those that are named after the incidents, and no other", () => {
  const named = [...rowsByNumber()].flatMap(([number, { tests }]) => tests.map((one) => `${number}: ${one}`));
  const there = [...testsByNumber()].flatMap(([number, tests]) => tests.map((one) => `${number}: ${one}`));
  assert.ok(there.length > 10, `only ${there.length} were found`);
  assert.deepEqual(named.toSorted(), there.toSorted());
});
