import type { Argument } from "./definition.ts";

const UNITS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const WHOLE = /^[+]?(?:(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(?:ns|us|µs|μs|ms|s|m|h))+$/;
const PART = /([\d.]+)(ns|us|µs|μs|ms|s|m|h)/g;

/**
 * Milliseconds of a duration as Go writes them, `1h15m`, `1.5s` or `150ms` (page "time.ParseDuration"), or of a number of milliseconds.
 * Undefined for anything else, a negative one too.
 */
export function readDuration(value: Argument): number | undefined {
  if (typeof value === "number") return value >= 0 && Number.isFinite(value) ? value : undefined;
  if (value === "0") return 0;
  if (value.length > 64 || !WHOLE.test(value)) return undefined;
  let ms = 0;
  for (const [, amount, unit] of value.matchAll(PART)) ms += Number(amount) * (UNITS[unit as string] as number);
  return ms;
}
