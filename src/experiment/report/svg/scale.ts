/** Where a value stands on a chart, in its units. */
export type Scale = (value: number) => number;

/** Values `from` to `to` over `start` to `end`; what is outside stands at the edge. */
export function linear(from: number, to: number, start: number, end: number): Scale {
  const span = to > from ? to - from : 1;
  return (value) => round(start + Math.min(1, Math.max(0, (value - from) / span)) * (end - start));
}

/** As {@link linear}, by orders of magnitude; `from` is above 0. */
export function logarithmic(from: number, to: number, start: number, end: number): Scale {
  const inner = linear(Math.log10(from), Math.log10(Math.max(to, from * 1.001)), start, end);
  return (value) => inner(Math.log10(Math.max(value, from)));
}

/** Round steps (1, 2, 5) from 0 to at least `most`, about `count` of them. */
export function ticks(most: number, count: number): readonly number[] {
  if (!(most > 0)) return [0];
  const raw = most / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5].find((of) => of * power >= raw * 0.999) ?? 10) * power;
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, at) => Number((at * step).toPrecision(12)));
}

/** Powers of ten that hold `least` to `most`. */
export function decades(least: number, most: number): readonly number[] {
  const from = Math.floor(Math.log10(least) + 1e-9);
  const to = Math.max(from + 1, Math.ceil(Math.log10(most) - 1e-9));
  return Array.from({ length: to - from + 1 }, (_, at) => 10 ** (from + at));
}

/** Hundredths of a pixel are not seen, and make a file large. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
