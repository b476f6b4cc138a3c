import { AppError, messageOf } from "../kernel/index.ts";

/** What became of each, in order: a failure of one is its own. At most `most` run at a time. */
export async function sideBySide<In, Out>(
  all: readonly In[],
  most: number,
  run: (one: In) => Promise<Out>,
): Promise<readonly ({ readonly value: Out } | { readonly error: AppError })[]> {
  const results: ({ readonly value: Out } | { readonly error: AppError })[] = [];
  const queue = all.entries();
  const worker = async (): Promise<void> => {
    for (const [at, one] of queue) {
      try {
        results[at] = { value: await run(one) };
      } catch (thrown) {
        results[at] = { error: thrown instanceof AppError ? thrown : new AppError("AWS_UNREADABLE", messageOf(thrown), { cause: thrown }) };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, all.length) }, worker));
  return results;
}
