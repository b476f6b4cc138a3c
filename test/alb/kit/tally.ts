/** One run, as it is counted. */
export interface Counted {
  readonly row: string;
  readonly column: string;
  readonly isRed: boolean;
}

/** A table of how many runs there were: `runs` or `runs/red!`, without the columns of which there is none. */
export function tally(columns: readonly string[], counted: readonly Counted[]): string {
  const shown = columns.filter((name) => counted.some(({ column }) => column === name));
  const rows = [...new Set(counted.map(({ row }) => row))].toSorted();
  const text = (row: string, column: string): string => {
    const of = counted.filter((one) => one.row === row && one.column === column);
    if (of.length === 0) return "·";
    const red = of.filter(({ isRed }) => isRed).length;
    return red === 0 ? `${of.length}` : `${of.length}/${red}!`;
  };
  const lines = [["", ...shown], ...rows.map((row) => [row, ...shown.map((column) => text(row, column))])];
  const widths = ["", ...shown].map((_none, at) => Math.max(...lines.map((line) => (line[at] ?? "").length)));
  return lines
    .map((line) =>
      line
        .map((word, at) => (at === 0 ? word.padEnd(widths[at] ?? 0) : word.padStart(widths[at] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
