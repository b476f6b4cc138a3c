/** Where chance comes from. Seeded in tests and experiments, so that a run can be repeated. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
}

/** The machine's own randomness; not for secrets. */
export const systemRandom: Random = { next: () => Math.random() };

/** A repeatable sequence (mulberry32) for tests and seeded experiments. `seed` is taken modulo 2^32. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    },
  };
}
