import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { CORPORA_PAGE, corporaPage } from "./corpora-page.ts";
import { CORPORA, type Judgement, Judge, hasCorpora } from "./judge.ts";
import { readExpectedVerdicts } from "./verdicts.ts";

const { reasons, cases } = readExpectedVerdicts();

it("gives a reason for each case that is judged otherwise, an RFC for each reason, and no others", () => {
  for (const [key, { agrees, reason }] of Object.entries(cases)) equal(reason !== undefined, !agrees, key);
  const used = new Set(Object.values(cases).flatMap(({ reason }) => reason ?? []));
  deepEqual(Object.keys(reasons).toSorted(), [...used].toSorted());
  for (const { rfc } of Object.values(reasons)) ok(/^RFC \d{4} section/.test(rfc), rfc);
});

it("refuses no request of which a byte reached the back end, save one whose body broke off", () => {
  for (const [key, { client, backEnd }] of Object.entries(cases)) {
    if (key.startsWith("llhttp response ") || backEnd === "") continue;
    ok(
      client.startsWith("200") || /WIRE_CHUNK|WIRE_LINE_ENDING|BODY_INCOMPLETE|WIRE_TRAILER|WIRE_FIELD/.test(client) || client === "400",
      `${key}: ${client}`,
    );
  }
});

it("has the page of the differences as the data have them", () => {
  const plain = (text: string): string => text.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---");
  equal(plain(readFileSync(CORPORA_PAGE, "utf8")), plain(corporaPage({ reasons, cases })));
});

if (!hasCorpora) {
  console.log(`not run: ${CORPORA} is absent`);
  it("finds the corpora where they must be there", () => equal(process.env["CI"] === "true", false));
} else {
  describe("requests and answers that readers may take differently", () => {
    const judged = new Map<string, Judgement>();
    before(async () => {
      const judge = await Judge.start();
      for await (const judgement of judge.judge()) judged.set(judgement.key, judgement);
      await judge.close();
    });
    after(() => deepEqual([...judged.keys()].toSorted(), Object.keys(cases).toSorted()));
    for (const [key, { reason, ...expected }] of Object.entries(cases)) {
      it(reason === undefined ? `judges alike ${key}` : `judges differently ${key}: ${reasons[reason]?.rfc ?? ""}`, () => {
        const { key: _key, breach, ...verdict } = judged.get(key) ?? { key, breach: "was not judged" };
        equal(breach, "");
        deepEqual(verdict, expected);
      });
    }
  });
}
