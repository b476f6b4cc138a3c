import { readFileSync } from "node:fs";

/** Reads a table made by tools/extract-*.mjs: a first line that says where it comes from, then one `[name, value]` a line. */
export function readExtractedTable<T>(file: string): Record<string, T> {
  const [, ...lines] = readFileSync(new URL(file, import.meta.url), "utf8")
    .trimEnd()
    .split("\n");
  return Object.fromEntries(lines.map((line) => JSON.parse(line) as [string, T]));
}
