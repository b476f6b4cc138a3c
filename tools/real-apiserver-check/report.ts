import { setTimeout as pause } from "node:timers/promises";

/** Prints each check as it ends, and counts. */
export class Report {
  passed = 0;
  failed = 0;
  readonly #only: RegExp | undefined;

  constructor(only: string | undefined) {
    this.#only = only === undefined ? undefined : new RegExp(only);
  }

  /** Whether the group of this name is asked for. */
  wants(group: string): boolean {
    return this.#only === undefined || this.#only.test(group);
  }

  /** Runs a check; what it resolves to is printed beside its name. A check that fails does not end the others. */
  async check(name: string, run: () => Promise<string | undefined>): Promise<void> {
    const startMs = Date.now();
    try {
      const said = await run();
      this.passed++;
      process.stdout.write(`ok    ${name}${said === undefined ? "" : `: ${said}`} (${Date.now() - startMs} ms)\n`);
    } catch (error) {
      this.failed++;
      process.stdout.write(`FAIL  ${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
}

/** Asks again and again until it is true; resolves to the milliseconds it took. Rejects with what was last seen. */
export async function until(what: string, limitMs: number, look: () => Promise<boolean | string>): Promise<number> {
  const startMs = Date.now();
  for (;;) {
    let seen: boolean | string;
    try {
      seen = await look();
    } catch (error) {
      seen = error instanceof Error ? error.message : String(error);
    }
    if (seen === true) return Date.now() - startMs;
    if (Date.now() - startMs > limitMs)
      throw new Error(`not within ${limitMs} ms: ${what}${typeof seen === "string" ? `; last seen: ${seen}` : ""}`);
    await pause(20);
  }
}

/** Rejects where it is not so for the whole time. */
export async function stays(what: string, durationMs: number, look: () => Promise<boolean | string>): Promise<void> {
  const endMs = Date.now() + durationMs;
  while (Date.now() < endMs) {
    const seen = await look();
    if (seen !== true) throw new Error(`it did not stay so: ${what}${typeof seen === "string" ? `; seen: ${seen}` : ""}`);
    await pause(100);
  }
}

export function expect(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}
