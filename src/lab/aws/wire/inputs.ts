import { AwsError } from "../wire/aws-error.ts";
import type { Fields } from "../wire/query-input.ts";

/** Reads fields of an input that the service model has checked: the types are as it says. */
export function text(input: Fields, name: string): string | undefined {
  return input[name] as string | undefined;
}

/** One that the service model requires. */
export function requiredText(input: Fields, name: string): string {
  return input[name] as string;
}

export function texts(input: Fields, name: string): readonly string[] | undefined {
  return input[name] as readonly string[] | undefined;
}

export function integer(input: Fields, name: string): number | undefined {
  return input[name] as number | undefined;
}

export function flag(input: Fields, name: string): boolean | undefined {
  return input[name] as boolean | undefined;
}

export function structures(input: Fields, name: string): readonly Fields[] | undefined {
  return input[name] as readonly Fields[] | undefined;
}

/** The largest pages of this API, and those one gets without asking. */
const LARGEST_PAGE = 400;

/**
 * The page of `records` that `input` asks for by Marker and PageSize. A marker is the key of the record that a page begins after, so that
 * pages neither repeat nor skip what stays while others come and go. Throws AwsError `ValidationError` for a marker nobody gave out.
 */
export function page<R>(
  records: readonly R[],
  keyOf: (record: R) => string,
  input: Fields,
): { readonly page: readonly R[]; readonly nextMarker?: string } {
  const size = integer(input, "PageSize") ?? LARGEST_PAGE;
  const marker = text(input, "Marker");
  const sorted = records.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  const after = marker === undefined ? "" : Buffer.from(marker, "base64url").toString();
  if (marker !== undefined && !after.startsWith("after ")) throw new AwsError("ValidationError", "The specified marker is not valid");
  const rest = marker === undefined ? sorted : sorted.filter((record) => `after ${keyOf(record)}` > after);
  const found = rest.slice(0, size);
  const last = found.at(-1);
  if (last === undefined || rest.length <= size) return { page: found };
  return { page: found, nextMarker: Buffer.from(`after ${keyOf(last)}`).toString("base64url") };
}
