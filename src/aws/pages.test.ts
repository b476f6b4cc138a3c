import assert from "node:assert/strict";
import { test } from "node:test";
import { allPages } from "./pages.ts";

const list = (pages: readonly { readonly entries: readonly string[]; readonly next: string | undefined }[]) =>
  allPages<string>(
    "DescribeThings",
    (entry) => entry,
    async (token) => pages[Number(token ?? 0)] ?? { entries: [], next: undefined },
  );

test("a list is all of its pages, and one whose pages go round, repeat an entry or do not end is none", async () => {
  assert.deepEqual(
    await list([
      { entries: ["a", "b"], next: "1" },
      { entries: [], next: "2" },
      { entries: ["c"], next: undefined },
    ]),
    ["a", "b", "c"],
  );
  const again = list([
    { entries: ["a"], next: "1" },
    { entries: ["b"], next: "1" },
  ]);
  await assert.rejects(again, { code: "AWS_PAGES", message: "DescribeThings: the token of a page comes again" });
  const twice = list([
    { entries: ["a"], next: "1" },
    { entries: ["a"], next: undefined },
  ]);
  await assert.rejects(twice, { code: "AWS_PAGES", message: "DescribeThings: a stands in it twice" });
  const endless = list(Array.from({ length: 1_002 }, (_, at) => ({ entries: [`${at}`], next: `${at + 1}` })));
  await assert.rejects(endless, { code: "AWS_PAGES", message: "DescribeThings: it has more than 1000 pages" });
});
