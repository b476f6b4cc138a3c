import { AwsError } from "../wire/aws-error.ts";
import { integer, structures, text, texts } from "../wire/inputs.ts";
import type { Fields } from "../wire/query-input.ts";
import type { Read, Write } from "../world/actions.ts";
import { pageOf } from "../world/paging.ts";
import { type AwsWorld, withTags } from "../world/world.ts";
import { nextToken, patternOf } from "./describing.ts";

const MOST_TAGS = 50;
const LARGEST_PAGE = 1_000;

/** By what an id begins with; the kinds of resources whose tags are here. */
const KINDS: Readonly<
  Record<string, { readonly type: string; readonly table?: "instances" | "subnets" | "vpcs" | "securityGroups"; readonly code: string }>
> = {
  i: { type: "instance", table: "instances", code: "InvalidInstanceID.NotFound" },
  subnet: { type: "subnet", table: "subnets", code: "InvalidSubnetID.NotFound" },
  vpc: { type: "vpc", table: "vpcs", code: "InvalidVpcID.NotFound" },
  sg: { type: "security-group", table: "securityGroups", code: "InvalidGroup.NotFound" },
  rtb: { type: "route-table", code: "InvalidRouteTableID.NotFound" },
};

export const describeTags: Read = (world, { input }) => {
  const rows = [...world.tags].flatMap(([id, tags]) => {
    const kind = kindOf(id);
    return kind === undefined ? [] : [...tags].map(([key, value]) => ({ id, key, value, type: kind.type }));
  });
  type Row = (typeof rows)[number];
  const filters: Readonly<Record<string, (row: Row) => string>> = {
    key: ({ key }) => key,
    value: ({ value }) => value,
    "resource-id": ({ id }) => id,
    "resource-type": ({ type }) => type,
  };
  const wanted = (structures(input, "Filters") ?? []).map((filter) => {
    const name = text(filter, "Name") ?? "";
    const patterns = (texts(filter, "Values") ?? []).map(patternOf);
    if (name.startsWith("tag:")) {
      return (row: Row): boolean => row.key === name.slice("tag:".length) && patterns.some((pattern) => pattern.test(row.value));
    }
    const valueOf = Object.hasOwn(filters, name) ? filters[name] : undefined;
    if (valueOf === undefined) throw new AwsError("InvalidParameterValue", `The filter '${name}' is invalid`);
    return (row: Row): boolean => patterns.some((pattern) => pattern.test(valueOf(row)));
  });
  const found = rows.filter((row) => wanted.every((matches) => matches(row)));
  const page = pageOf(found, ({ id, key }) => JSON.stringify([id, key]), {
    size: integer(input, "MaxResults") ?? LARGEST_PAGE,
    token: text(input, "NextToken"),
    refusal: () => new AwsError("InvalidNextToken", "The provided next token is not valid"),
  });
  const tags = page.page.map(({ id, key, value, type }) => ({ ResourceId: id, ResourceType: type, Key: key, Value: value }));
  return { Tags: tags, ...nextToken(page) };
};

export const createTags: Write = (world, { input }) => {
  const added = tagsOf(structures(input, "Tags") ?? []);
  let next = world;
  for (const id of texts(input, "Resources") ?? []) {
    mustExist(world, id);
    const tags = new Map([...(next.tags.get(id) ?? []), ...added]);
    if (tags.size > MOST_TAGS) throw new AwsError("TagLimitExceeded", `The maximum number of Tags for a resource has been reached.`);
    next = withTags(next, id, tags);
  }
  return { world: next, output: {} };
};

/** Of a tag that is named with a value only where it has that value; all of them where none is named. */
export const deleteTags: Write = (world, { input }) => {
  const named = structures(input, "Tags");
  const isGone = (key: string, value: string): boolean =>
    named === undefined || named.some((tag) => text(tag, "Key") === key && (text(tag, "Value") ?? value) === value);
  let next = world;
  for (const id of texts(input, "Resources") ?? []) {
    mustExist(world, id);
    next = withTags(next, id, new Map([...(next.tags.get(id) ?? [])].filter(([key, value]) => !isGone(key, value))));
  }
  return { world: next, output: {} };
};

/** The tags that a new resource of a type is given. Throws AwsError. */
export function specifiedTags(input: Fields, type: string): ReadonlyMap<string, string> {
  const specifications = structures(input, "TagSpecifications") ?? [];
  for (const specification of specifications) {
    const given = text(specification, "ResourceType");
    if (given !== type)
      throw new AwsError("InvalidParameterValue", `'${given ?? ""}' is not a valid taggable resource type for this operation.`);
  }
  return tagsOf(specifications.flatMap((specification) => structures(specification, "Tags") ?? []));
}

function tagsOf(given: readonly Fields[]): ReadonlyMap<string, string> {
  return new Map(
    given.map((tag) => {
      const key = text(tag, "Key") ?? "";
      const value = text(tag, "Value") ?? "";
      if (key === "" || key.length > 127) throw new AwsError("InvalidParameterValue", "Tag key must have 1 to 127 characters");
      if (value.length > 255) throw new AwsError("InvalidParameterValue", "Tag value must have up to 255 characters");
      if (key.startsWith("aws:"))
        throw new AwsError(
          "InvalidParameterValue",
          `Value ( ${key} ) for parameter key is invalid. Tag keys starting with 'aws:' are reserved for internal use`,
        );
      return [key, value];
    }),
  );
}

function kindOf(id: string): (typeof KINDS)[string] | undefined {
  const [prefix = ""] = id.split("-");
  return Object.hasOwn(KINDS, prefix) ? KINDS[prefix] : undefined;
}

function mustExist(world: AwsWorld, id: string): void {
  const kind = kindOf(id);
  if (kind === undefined) throw new AwsError("InvalidID", `The ID '${id}' is not valid`);
  if (kind.table !== undefined && !world[kind.table].has(id)) throw new AwsError(kind.code, `The ${kind.type} ID '${id}' does not exist`);
}
