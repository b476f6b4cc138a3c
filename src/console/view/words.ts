/** Numbers and ages as the page says them; every function is pure and says `n/a`-like things as a dash. */

const THOUSANDS = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** `1,204`; a dash for what is not known. */
export function count(value: number | null): string {
  return value === null ? "–" : THOUSANDS.format(value);
}

/** `1 route`, `3 routes`. */
export function countOf(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `38 s`, `4 min`, `3 h`: one unit, rounded down, so that an age never claims to be older than it is. */
export function age(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 120) return `${whole} s`;
  return whole < 7200 ? `${Math.floor(whole / 60)} min` : `${Math.floor(whole / 3600)} h`;
}

/** Time left, rounded up, so that it never says 0 s while one waits. */
export function countdown(ms: number): string {
  return age(Math.max(1, Math.ceil(ms / 1000)));
}

/** `t + 42 s`, `t + 2:05`. */
export function scenarioTime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 100) return `t + ${whole} s`;
  return `t + ${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** Mebibytes, `132 MB` as the lab's limits are given; kibibytes below one of them. */
export function size(bytes: number): string {
  if (bytes < 1048576) return `${count(Math.round(bytes / 1024))} kB`;
  return `${count(Math.round(bytes / 1048576))} MB`;
}

/** `120/s`, `0.4/s`. */
export function rate(perSecond: number): string {
  return perSecond > 0 && perSecond < 10 ? `${perSecond.toFixed(1)}/s` : `${count(perSecond)}/s`;
}

/** `1.2 ms`, `48 ms`, `1.2 s`. */
export function latency(ms: number | null): string {
  if (ms === null) return "–";
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

/**
 * A share of right answers. Only all is `100 %`: 99.97 must not be rounded to it, and 0.4 not to nothing.
 */
export function share(right: number, failed: number): string {
  const sent = right + failed;
  if (sent === 0) return "–";
  if (failed === 0) return "100 %";
  if (right === 0) return "0 %";
  const percent = (right / sent) * 100;
  if (percent > 99.9) return "99.9 %";
  return percent < 0.1 ? "0.1 %" : `${percent.toFixed(1)} %`;
}

/** Wall-clock time of day in the reader's zone, `05:23:41`. */
export function timeOfDay(unixMs: number): string {
  return CLOCK.format(unixMs);
}
