import type { AwsError } from "../wire/aws-error.ts";

/** A part of a list that is too long for one answer. */
export interface Page<R> {
  readonly page: readonly R[];
  /** What to ask for the rest with; undefined on the last page. */
  readonly next: string | undefined;
}

/**
 * The page of `records` that comes after `token`. A token is the key of the record that a page begins after, so that pages neither repeat
 * nor skip what stays while others come and go. Throws what `refusal` makes for a token that nobody gave out.
 */
export function pageOf<R>(
  records: readonly R[],
  keyOf: (record: R) => string,
  asked: { readonly size: number; readonly token: string | undefined; readonly refusal: () => AwsError },
): Page<R> {
  const { size, token } = asked;
  const sorted = records.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  const after = token === undefined ? "" : Buffer.from(token, "base64url").toString();
  if (token !== undefined && !after.startsWith(MARK)) throw asked.refusal();
  const rest = token === undefined ? sorted : sorted.filter((record) => MARK + keyOf(record) > after);
  const page = rest.slice(0, size);
  const last = page.at(-1);
  const isLast = last === undefined || rest.length <= size;
  return { page, next: isLast ? undefined : Buffer.from(MARK + keyOf(last)).toString("base64url") };
}

/** Tells a token that was given out from a text that happens to be base64. */
const MARK = "after ";
