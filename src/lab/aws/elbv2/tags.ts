import { AwsError } from "../wire/aws-error.ts";
import type { Read, Write } from "../world/actions.ts";
import { type AwsWorld, withRecord } from "../world/world.ts";
import { kindOf, listener, loadBalancer, rule, targetGroup } from "./found.ts";
import { structures, text, texts } from "../wire/inputs.ts";
import type { Fields } from "../wire/query-input.ts";

const MOST_TAGS = 50;
const MOST_RESOURCES = 20;

/** The tags of a new resource. Throws AwsError `DuplicateTagKeys`, `TooManyTags`, `ValidationError`. */
export function tagsIn(input: Fields): ReadonlyMap<string, string> {
  const given = structures(input, "Tags") ?? [];
  const tags = new Map(given.map((tag) => [text(tag, "Key") ?? "", text(tag, "Value") ?? ""]));
  if ([...tags.keys()].some((key) => key.toLowerCase().startsWith("aws:")))
    throw new AwsError("ValidationError", "aws: prefixed tag key names are not allowed for external use");
  if (tags.size !== given.length) throw new AwsError("DuplicateTagKeys", "Tag keys must be unique");
  if (tags.size > MOST_TAGS) throw new AwsError("TooManyTags", `The maximum number of tags is ${MOST_TAGS}`);
  return tags;
}

export const describeTags: Read = (world, { input }) => {
  const arns = texts(input, "ResourceArns") ?? [];
  if (arns.length > MOST_RESOURCES) throw new AwsError("ValidationError", `Up to ${MOST_RESOURCES} resources can be described at once`);
  for (const arn of arns) mustExist(world, arn);
  return {
    TagDescriptions: arns.map((arn) => ({
      ResourceArn: arn,
      Tags: [...(world.tags.get(arn) ?? [])].map(([key, value]) => ({ Key: key, Value: value })),
    })),
  };
};

export const addTags: Write = (world, { input }) => {
  const added = tagsIn(input);
  let next = world;
  for (const arn of texts(input, "ResourceArns") ?? []) {
    mustExist(world, arn);
    const tags = new Map([...(next.tags.get(arn) ?? []), ...added]);
    if (tags.size > MOST_TAGS) throw new AwsError("TooManyTags", `The maximum number of tags is ${MOST_TAGS}`);
    next = withRecord(next, "tags", arn, tags);
  }
  return { world: next, output: {} };
};

export const removeTags: Write = (world, { input }) => {
  const gone = new Set(texts(input, "TagKeys"));
  let next = world;
  for (const arn of texts(input, "ResourceArns") ?? []) {
    mustExist(world, arn);
    next = withRecord(next, "tags", arn, new Map([...(next.tags.get(arn) ?? [])].filter(([key]) => !gone.has(key))));
  }
  return { world: next, output: {} };
};

function mustExist(world: AwsWorld, arn: string): void {
  const kind = kindOf(arn);
  if (kind === "loadbalancer") loadBalancer(world, arn);
  else if (kind === "targetgroup") targetGroup(world, arn);
  else if (kind === "listener") listener(world, arn);
  else if (kind === "listener-rule") rule(world, arn);
  else throw new AwsError("ValidationError", `'${arn}' is not a valid ARN`);
}
