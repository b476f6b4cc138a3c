import { type Clock, messageOf, sleep } from "../../kernel/index.ts";
import type { Sight } from "./fault.ts";

const EVERY_MS = 200;

/** Looks until it is seen, or for `seconds`; the last look counts. A look that rejects, or takes longer than all the time there is, has seen nothing. */
export async function lookUntil(
  look: (signal: AbortSignal) => Promise<Sight>,
  seconds: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<Sight> {
  const endMs = clock.monoMs() + seconds * 1000;
  const over = new AbortController();
  const timer = clock.timer(seconds * 1000, () => over.abort());
  const until = AbortSignal.any([signal, over.signal]);
  try {
    for (;;) {
      const sight = await look(until).catch((error: unknown) => ({ seen: false, evidence: messageOf(error) }));
      if (sight.seen || until.aborted || clock.monoMs() >= endMs) return sight;
      await sleep(clock, EVERY_MS, until);
    }
  } finally {
    timer.cancel();
  }
}
