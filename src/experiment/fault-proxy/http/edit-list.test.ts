import assert from "node:assert/strict";
import { test } from "node:test";
import { editList } from "./edit-list.ts";

/** Keeps every second entry, the first one too. */
function everySecond(): () => boolean {
  let count = 0;
  return () => count++ % 2 === 0;
}

test("entries of a list in XML go with the lists that they hold, and the next page is not told", () => {
  const item = (id: string): string => `<item><id>${id}</id><tagSet><item><key>k</key></item><item><key>l</key></item></tagSet></item>`;
  const answer = (items: string, rest: string): string => `<R><vpcSet>${items}</vpcSet><empty><item/></empty>${rest}</R>`;
  const body = answer(["a", "b", "c"].map(item).join(""), "<nextToken>t</nextToken>");
  assert.equal(editList(body, "text/xml", everySecond()), answer(item("a") + item("c"), ""));
  assert.equal(
    editList(body, "text/xml", () => false),
    answer("", ""),
  );
});

test("lists of Kubernetes lose entries and the word of more, tables lose rows, and other objects nothing", () => {
  const list = {
    kind: "PodList",
    apiVersion: "v1",
    metadata: { resourceVersion: "7", continue: "c", remainingItemCount: 9 },
    items: [1, 2, 3],
  };
  const edited = (value: object): unknown => JSON.parse(editList(JSON.stringify(value), "application/json", everySecond()));
  assert.deepEqual(edited(list), { ...list, metadata: { resourceVersion: "7" }, items: [1, 3] });
  const table = { kind: "Table", apiVersion: "meta.k8s.io/v1", metadata: {}, columnDefinitions: [1], rows: [1, 2] };
  assert.deepEqual(edited(table), { ...table, rows: [1] });
  const pod = { kind: "Pod", apiVersion: "v1", metadata: {}, spec: { containers: [1, 2] } };
  assert.deepEqual(edited(pod), pod);
  assert.equal(editList("{", "application/json", everySecond()), "{");
});

test("lists of AWS in JSON are those at the top, and the token goes", () => {
  const body = JSON.stringify({ CertificateSummaryList: [{ a: [1, 2] }, { a: [3] }], NextToken: "t", Count: 2 });
  assert.deepEqual(JSON.parse(editList(body, "application/x-amz-json-1.1", everySecond())), {
    CertificateSummaryList: [{ a: [1, 2] }],
    Count: 2,
  });
});
