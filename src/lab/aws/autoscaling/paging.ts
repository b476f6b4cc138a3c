import { AwsError } from "../wire/aws-error.ts";
import { integer, text } from "../wire/inputs.ts";
import type { Fields } from "../wire/query-input.ts";
import { type Page, pageOf } from "../world/paging.ts";

const LARGEST_PAGE = 100;

/** The page that `input` asks for by NextToken and MaxRecords: 50 records, up to 100. Throws AwsError. */
export function page<R>(records: readonly R[], keyOf: (record: R) => string, input: Fields, usual = 50): Page<R> {
  const size = integer(input, "MaxRecords") ?? usual;
  if (size < 1 || size > LARGEST_PAGE)
    throw new AwsError("ValidationError", `The maximum page size must be from 1 to ${LARGEST_PAGE}, and not ${size}`);
  return pageOf(records, keyOf, {
    size,
    token: text(input, "NextToken"),
    refusal: () => new AwsError("InvalidNextToken", "The NextToken value is not valid."),
  });
}

export function nextToken({ next }: Pick<Page<unknown>, "next">): Fields {
  return next === undefined ? {} : { NextToken: next };
}
