const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  sec: 1_000,
  second: 1_000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  w: 604_800_000,
  week: 604_800_000,
};
const WORDS: Readonly<Record<string, number>> = { now: 0, today: 0, yesterday: 86_400_000 };
const AMOUNT = /(?:(?<many>\d+(?:\.\d+)?)\s*|\b(?:an?|one)\s+)(?<unit>[a-z]+)/g;

/**
 * A time as people write it, in milliseconds since 1970: "now", "5 minutes ago", "1 hour 30 minutes", "in 2 hours", "yesterday", or RFC 3339. What is
 * written without "ago" or "in" is past. Undefined for what is none of these; months and years are none, because they are not of one length.
 */
export function instantOf(text: string, nowMs: number): number | undefined {
  const lower = text.trim().toLowerCase();
  const word = WORDS[lower];
  if (word !== undefined) return nowMs - word;
  if (/^\d{4}-\d{2}-\d{2}(?:[t ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:z|[+-]\d{2}:?\d{2})?)?$/.test(lower)) {
    const at = Date.parse(text.trim().replace(" ", "T"));
    return Number.isNaN(at) ? undefined : at;
  }
  const isFuture = lower.startsWith("in ");
  const amounts = lower.replace(/^in /, "").replace(/ ago$/, "");
  if (amounts.replaceAll(AMOUNT, "").replaceAll(/\s|,|\band\b/g, "") !== "") return undefined;
  let ms = 0;
  let found = 0;
  for (const { groups } of amounts.matchAll(AMOUNT)) {
    const unit = groups?.["unit"] ?? "";
    const unitMs = UNIT_MS[unit] ?? UNIT_MS[unit.replace(/s$/, "")];
    if (unitMs === undefined) return undefined;
    ms += Number(groups?.["many"] ?? 1) * unitMs;
    found++;
  }
  if (found === 0) return undefined;
  return isFuture ? nowMs + ms : nowMs - ms;
}
