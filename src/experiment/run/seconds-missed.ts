import type { SteadyState } from "./journal.ts";

/** From each look that missed to the next look; the last one counts until its end. */
export function secondsMissed(looks: readonly SteadyState[]): number {
  let ms = 0;
  for (const [at, look] of looks.entries()) {
    if (look.steady_state_met !== false) continue;
    const from = Date.parse(look.probes[0]?.start ?? "");
    const to = Date.parse(looks[at + 1]?.probes[0]?.start ?? look.probes.at(-1)?.end ?? "");
    if (to > from) ms += to - from;
  }
  return ms / 1000;
}
