import { AwsError } from "../wire/aws-error.ts";
import { integer, text } from "../wire/inputs.ts";
import type { Fields } from "../wire/query-input.ts";
import { pageOf } from "../world/paging.ts";

/** The largest pages of this API, and those one gets without asking. */
const LARGEST_PAGE = 400;

/** The page that `input` asks for by Marker and PageSize. Throws AwsError `ValidationError` for a marker nobody gave out. */
export function page<R>(
  records: readonly R[],
  keyOf: (record: R) => string,
  input: Fields,
): { readonly page: readonly R[]; readonly nextMarker?: string } {
  const { page: found, next } = pageOf(records, keyOf, {
    size: integer(input, "PageSize") ?? LARGEST_PAGE,
    token: text(input, "Marker"),
    refusal: () => new AwsError("ValidationError", "The specified marker is not valid"),
  });
  return next === undefined ? { page: found } : { page: found, nextMarker: next };
}
