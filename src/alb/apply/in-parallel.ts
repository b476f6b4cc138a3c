/** Runs `work` for each, at most `most` at once. `work` does not reject. */
export async function inParallel<T>(most: number, all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const waiting = [...all];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: Math.min(most, all.length) }, worker));
}
