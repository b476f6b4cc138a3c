import { writeFileSync } from "node:fs";

/** Prints lines, or with `json` "-" the values in their place; a file name writes the values there as well. */
export function writeReport(lines: readonly string[], values: object, json: string | undefined): void {
  const text = `${JSON.stringify(values, undefined, 2)}\n`;
  process.stdout.write(json === "-" ? text : `${lines.join("\n")}\n`);
  if (json !== undefined && json !== "-") writeFileSync(json, text);
}

/** A number in a column. */
export function cell(value: number, width: number, digits = 1): string {
  return value.toFixed(digits).padStart(width);
}
