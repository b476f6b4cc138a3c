import { writeFileSync } from "node:fs";
import { corporaPage, CORPORA_PAGE } from "./corpora-page.ts";
import { CORPORA, type Judgement, Judge, hasCorpora } from "./judge.ts";
import { type ExpectedVerdict, VERDICTS_FILE, readExpectedVerdicts } from "./verdicts.ts";

// `npm run corpus`: every case, their verdict and ours, and why where they differ. With `--write` what is expected from now on is what came
// out, the page too; reasons stay and are to be written by hand.
if (!hasCorpora) {
  process.stdout.write(`not run: ${CORPORA} is absent\n`);
  process.exit(process.env["CI"] === "true" ? 1 : 0);
}
const isWriting = process.argv.includes("--write");
const { reasons, cases: expected } = readExpectedVerdicts();
const cases: Record<string, ExpectedVerdict> = {};
let wrong = 0;
let different = 0;

function problemOf({ breach, agrees, ...now }: Judgement, before: ExpectedVerdict | undefined): string {
  if (breach !== "") return breach;
  if (!agrees && before?.reason === undefined) return "differs without a reason";
  if (isWriting) return "";
  if (before === undefined) return "is new";
  return before.client === now.client && before.backEnd === now.backEnd && before.theirs === now.theirs ? "" : "is not what is expected";
}

const judge = await Judge.start();
for await (const judgement of judge.judge()) {
  const { key, breach: _breach, ...verdict } = judgement;
  const before = expected[key];
  const problem = problemOf(judgement, before);
  if (problem !== "") wrong++;
  if (!verdict.agrees) different++;
  const reason = verdict.agrees ? undefined : before?.reason;
  cases[key] = { ...verdict, ...(reason === undefined ? {} : { reason }) };
  const verdictText = verdict.client.replaceAll("\r\n", "⏎").slice(0, 60);
  const explained = reason === undefined ? "" : `  (${reason}: ${reasons[reason]?.rfc ?? "no such reason"})`;
  process.stdout.write(
    `${problem === "" ? (verdict.agrees ? "same  " : "differs") : "WRONG "} ${key}\n        theirs: ${verdict.theirs}\n        ours:   ${verdictText}${explained}\n${problem === "" ? "" : `        ${problem}\n`}`,
  );
}
await judge.close();
if (isWriting) {
  writeFileSync(VERDICTS_FILE, `${JSON.stringify({ reasons, cases }, null, 2)}\n`);
  writeFileSync(CORPORA_PAGE, corporaPage({ reasons, cases }));
}
process.stdout.write(`\n${Object.keys(cases).length} cases, ${different} judged differently for a reason, ${wrong} wrong\n`);
process.exitCode = wrong === 0 ? 0 : 1;
