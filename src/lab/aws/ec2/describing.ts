import { AwsError } from "../wire/aws-error.ts";
import { integer, structures, text, texts } from "../wire/inputs.ts";
import type { Fields } from "../wire/query-input.ts";
import { type Page, pageOf } from "../world/paging.ts";
import type { AwsWorld } from "../world/world.ts";

/** What an action that describes a kind of resource needs to know of it. */
export interface Describable<R> {
  readonly records: ReadonlyMap<string, R>;
  readonly idOf: (record: R) => string;
  /** The field of the input that names single ones. */
  readonly idsField: string;
  /** AWS's code and words where one is not there: `InvalidInstanceID.NotFound`. */
  readonly notFound: (id: string) => AwsError;
  /** What each filter compares with, beside `tag:KEY`, `tag-key` and `tag-value`. */
  readonly filters: Readonly<Record<string, (record: R) => readonly string[]>>;
}

const LARGEST_PAGE = 1_000;

/** Those that `input` asks for by id, filters and page, in order of their ids. Throws AwsError. */
export function described<R>(world: AwsWorld, input: Fields, kind: Describable<R>): Page<R> {
  const ids = texts(input, kind.idsField);
  const size = integer(input, "MaxResults");
  if (ids !== undefined && ids.length > 0 && size !== undefined)
    throw new AwsError("InvalidParameterCombination", `The parameter ${kind.idsField} cannot be used with the parameter MaxResults`);
  const named = ids === undefined || ids.length === 0 ? [...kind.records.values()] : ids.map((id) => found(kind, id));
  const wanted = (structures(input, "Filters") ?? []).map((filter) => filterOf(world, filter, kind));
  return pageOf(
    named.filter((record) => wanted.every((matches) => matches(record))),
    kind.idOf,
    {
      size: size ?? LARGEST_PAGE,
      token: text(input, "NextToken"),
      refusal: () => new AwsError("InvalidNextToken", "The provided next token is not valid"),
    },
  );
}

function found<R>({ records, notFound }: Describable<R>, id: string): R {
  const record = records.get(id);
  if (record === undefined) throw notFound(id);
  return record;
}

function filterOf<R>(world: AwsWorld, filter: Fields, { filters, idOf }: Describable<R>): (record: R) => boolean {
  const name = text(filter, "Name") ?? "";
  const values = (texts(filter, "Values") ?? []).map(patternOf);
  const tagsOf = (record: R): ReadonlyMap<string, string> => world.tags.get(idOf(record)) ?? new Map();
  let valuesOf: ((record: R) => readonly string[]) | undefined = Object.hasOwn(filters, name) ? filters[name] : undefined;
  if (name === "tag-key") valuesOf = (record) => [...tagsOf(record).keys()];
  else if (name === "tag-value") valuesOf = (record) => [...tagsOf(record).values()];
  else if (name.startsWith("tag:")) valuesOf = (record) => [tagsOf(record).get(name.slice("tag:".length)) ?? []].flat();
  if (valuesOf === undefined) throw new AwsError("InvalidParameterValue", `The filter '${name}' is invalid`);
  const held = valuesOf;
  return (record) => held(record).some((value) => values.some((pattern) => pattern.test(value)));
}

/** `*` is any text and `?` any character, unless a backslash stands before (EC2 guide, "Filtering using the API"). */
export function patternOf(value: string): RegExp {
  const source = value.replaceAll(
    /\\([*?\\])|([*])|([?])|([.+^${}()|[\]\\/])/g,
    (_all, literal: string, many: string, one: string, other: string) =>
      literal === undefined ? (many === undefined ? (one === undefined ? `\\${other}` : ".") : ".*") : `\\${literal}`,
  );
  return new RegExp(`^${source}$`, "s");
}

/** Tags as EC2 answers them. */
export function shownTags(world: AwsWorld, id: string): readonly Fields[] {
  return [...(world.tags.get(id) ?? [])].map(([key, value]) => ({ Key: key, Value: value }));
}

/** A page's token as EC2 answers it. */
export function nextToken({ next }: Pick<Page<unknown>, "next">): Fields {
  return next === undefined ? {} : { NextToken: next };
}
