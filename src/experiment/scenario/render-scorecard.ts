import type { RowVerdict, Scorecard } from "./scorecard.ts";

const MARKS: Readonly<Record<RowVerdict, string>> = { pass: "●", fail: "✗", inconclusive: "?", "not-run": "·" };

/** The scorecard for people: a line for each fallacy with a mark for each row, then what is not a pass and why. */
export function renderScorecard({ fallacies, rows, totals, blind, seconds }: Scorecard): string {
  const width = Math.max(0, ...fallacies.map(({ title }) => title.length));
  const lines = fallacies.map(({ id, title, pass, fail, inconclusive, "not-run": notRun }) => {
    const own = rows.filter(({ row }) => row === id || row.startsWith(`${id}.`) || (id === "I" && row.startsWith("I")));
    const marks = own.map(({ verdict }) => MARKS[verdict]).join("");
    const counts = [said(pass, "pass"), said(fail, "fail"), said(inconclusive, "inconclusive"), said(notRun, "not run")];
    return `  ${id.padEnd(3)} ${title.padEnd(width)}  ${marks.padEnd(8)}  ${counts.filter((text) => text !== "").join(", ")}`;
  });
  const notPassed = [
    ...Map.groupBy(
      rows.filter(({ verdict }) => verdict !== "pass"),
      ({ verdict, reasons }) => `${verdict === "not-run" ? "not run" : verdict}: ${reasons.join("; ")}`,
    ),
  ].map(([why, alike]) => `  ${why}  (${alike.map(({ row }) => row).join(", ")})`);
  const tried = rows.filter(({ knownBad }) => knownBad !== null).length;
  const caught =
    tried === 0
      ? []
      : [`  broken stacks: ${tried - blind.length} of ${tried} caught${blind.length === 0 ? "" : `; not ${blind.join(", ")}`}`];
  const sum = `  ${totals.pass} pass, ${totals.fail} fail, ${totals.inconclusive} inconclusive, ${totals["not-run"]} not run, in ${inMinutes(seconds)}`;
  return [...lines, "", ...notPassed, ...(notPassed.length === 0 ? [] : [""]), ...caught, sum].join("\n");
}

function said(count: number, what: string): string {
  return count === 0 ? "" : `${count} ${what}`;
}

/** `41 min 5 s`, `12 s`. */
function inMinutes(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
