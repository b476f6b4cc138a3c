/** Whether a status counts as healthy. */
export type Matcher = (statusCode: number) => boolean;

/** Reads `200`, `200,202` or `200-299`; undefined when it is none of these or leaves 200 to 499. */
export function parseMatcher(text: string): Matcher | undefined {
  const ranges: { from: number; to: number }[] = [];
  for (const part of text.split(",")) {
    const found = /^(\d{3})(?:-(\d{3}))?$/.exec(part.trim());
    if (found === null) return undefined;
    const from = Number(found[1]);
    const to = Number(found[2] ?? found[1]);
    if (from < 200 || to > 499 || to < from) return undefined;
    ranges.push({ from, to });
  }
  return (statusCode) => ranges.some((range) => statusCode >= range.from && statusCode <= range.to);
}
