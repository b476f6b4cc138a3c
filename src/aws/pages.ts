import { AppError } from "../kernel/index.ts";

/** One page: its entries and the token of the next one; undefined on the last. */
export interface Page<T> {
  readonly entries: readonly T[];
  readonly next: string | undefined;
}

/** As many as an account could fill. */
const MOST_PAGES = 1_000;

/**
 * All entries of all pages; `keyOf` says which entry is which. Nothing is answered unless the last page came: a list without its end is no
 * list. Throws AppError `AWS_PAGES` when a token comes again, an entry comes twice, or the pages do not end. The SDK's paginators go round
 * for ever on a token that repeats.
 */
export async function allPages<T>(
  what: string,
  keyOf: (entry: T) => string,
  read: (token: string | undefined) => Promise<Page<T>>,
): Promise<readonly T[]> {
  const entries = new Map<string, T>();
  const tokens = new Set<string>();
  let token: string | undefined;
  for (let pages = 1; pages <= MOST_PAGES; pages++) {
    const page = await read(token);
    for (const entry of page.entries) {
      const key = keyOf(entry);
      // What was made or deleted meanwhile may shift pages, but not make one entry two.
      if (entries.has(key)) throw unbelievable(what, `${key} stands in it twice`);
      entries.set(key, entry);
    }
    if (page.next === undefined) return [...entries.values()];
    if (tokens.has(page.next)) throw unbelievable(what, "the token of a page comes again");
    tokens.add(page.next);
    token = page.next;
  }
  throw unbelievable(what, `it has more than ${MOST_PAGES} pages`);
}

function unbelievable(what: string, why: string): AppError {
  return new AppError("AWS_PAGES", `${what}: ${why}`, { retry: "idempotent" });
}
