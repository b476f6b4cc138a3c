import type { WriteStream } from "node:tty";
import type { Scenario } from "../experiment/index.ts";
import type { PlayedRow } from "./scenario-row.ts";

export interface RowLine {
  /** `pass`, `caught`, …, and why where it is not well. */
  end(outcome: string, played: Pick<PlayedRow, "seconds" | "reasons">): void;
}

/** One line for each row when it is over and, on a terminal, one that says how long the present one has taken. */
export function rowsProgress(stream: WriteStream): {
  start(scenario: Scenario, broken: string | undefined): RowLine;
  note(text: string): void;
} {
  return {
    start({ row, title }, broken) {
      const startedMs = performance.now();
      const name = `${row.padEnd(5)} ${broken === undefined ? title : `  broken on purpose: ${broken}`}`;
      const timer = stream.isTTY
        ? setInterval(() => stream.write(`\r\u001B[K${name} … ${Math.round((performance.now() - startedMs) / 1000)} s`), 500)
        : undefined;
      return {
        end(outcome, { seconds, reasons }) {
          clearInterval(timer);
          if (stream.isTTY) stream.write("\r\u001B[K");
          const why = outcome === "pass" || outcome === "caught" ? "" : `: ${reasons.join("; ")}`;
          stream.write(`${name}  ${outcome} in ${seconds.toFixed(0)} s${why}\n`);
        },
      };
    },
    note: (text) => void stream.write(`      ${text}\n`),
  };
}
