const FIELDS = [
  ["minute", 0, 59],
  ["hour", 0, 23],
  ["day of month", 1, 31],
  ["month", 1, 12],
  ["day of week", 0, 6],
] as const;

/**
 * Minutes named by five fields. Not a schedule: every field must hold for a minute to be in, also both kinds of day, as in the Go
 * package cronmask that Skipper uses. A cron daemon takes either kind of day, so its parsers are of no use here.
 */
export class CronMask {
  readonly #allowed: readonly ReadonlySet<number>[];
  #minute = -1;
  #isIn = false;

  private constructor(allowed: readonly ReadonlySet<number>[]) {
    this.#allowed = allowed;
  }

  /** The mask, or what is required of the text. */
  static parse(text: string): CronMask | string {
    const fields = text.trim().split(/\s+/);
    if (fields.length !== FIELDS.length) return "five fields separated by spaces";
    const allowed: ReadonlySet<number>[] = [];
    for (const [at, [name, least, most]] of FIELDS.entries()) {
      const values = parseField(fields[at] as string, least, most);
      if (values === undefined) return `${name} as "*", or numbers from ${least} to ${most}, ranges "a-b" and lists of these`;
      allowed.push(values);
    }
    return new CronMask(allowed);
  }

  /** Whether the minute of this time is in, in the time zone of the process. */
  matches(nowMs: number): boolean {
    const minute = Math.floor(nowMs / 60_000);
    if (minute === this.#minute) return this.#isIn;
    const date = new Date(nowMs);
    const shown = [date.getMinutes(), date.getHours(), date.getDate(), date.getMonth() + 1, date.getDay()];
    this.#minute = minute;
    this.#isIn = shown.every((value, at) => this.#allowed[at]?.has(value));
    return this.#isIn;
  }
}

function parseField(text: string, least: number, most: number): ReadonlySet<number> | undefined {
  const values = new Set<number>();
  for (const part of text === "*" ? [`${least}-${most}`] : text.split(",")) {
    const [, first, last = first] = /^([0-9]{1,2})(?:-([0-9]{1,2}))?$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (!(from >= least && to <= most && from <= to)) return undefined;
    for (let value = from; value <= to; value++) values.add(value);
  }
  return values;
}
