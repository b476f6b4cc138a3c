import { setTimeout as pause } from "node:timers/promises";

/**
 * Asks again and again until `probe` answers something other than undefined or false; rejects with what was awaited and what
 * the last try said when `timeoutMs` are over. For things that another process does, which no event tells of.
 */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 10_000,
  everyMs = 20,
): Promise<T> {
  const endMs = performance.now() + timeoutMs;
  let last: unknown;
  do {
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    await pause(everyMs);
  } while (performance.now() < endMs);
  throw new Error(`waited ${timeoutMs} ms for ${what}; last: ${String(last)}`);
}
