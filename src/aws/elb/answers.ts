import type { AppError } from "../../kernel/index.ts";
import { type AnswerFields, incomplete } from "../answer-fields.ts";

type Tags = ReadonlyMap<string, string>;

export const nameOf = (fields: AnswerFields): string => fields.text("Name");

/** Of all that were asked for. */
export function tagsIn(answer: AnswerFields, asked: readonly string[]): ReadonlyMap<string, Tags> {
  const read = (fields: AnswerFields): readonly [string, Tags] => [
    fields.text("ResourceArn"),
    new Map(fields.list("Tags", (tag) => [tag.text("Key"), tag.textOrEmpty("Value")] as const)),
  ];
  const tags = new Map(answer.list("TagDescriptions", read));
  for (const arn of asked) if (!tags.has(arn)) throw incomplete(`DescribeTags: the tags of ${arn}`, "are missing");
  return tags;
}

export function attributesIn(answer: AnswerFields): Tags {
  return new Map(answer.list("Attributes", (fields) => [fields.text("Key"), fields.textOrEmpty("Value")] as const));
}

/** AWS answers what was asked for by its ARN or says that it is not there; an answer without it is none. */
export function one<T extends { readonly arn: string }>(answered: readonly T[], arn: string, action: string): T {
  const found = answered.find((entry) => entry.arn === arn);
  if (found === undefined) throw incomplete(`${action}: ${arn}`, "was asked for and is missing");
  return found;
}

export function named<T extends { readonly name: string }>(answered: readonly T[], name: string, action: string): T {
  const found = answered.find((entry) => entry.name === name);
  if (found === undefined) throw incomplete(`${action}: ${name}`, "was asked for and is missing");
  return found;
}

export async function unlessMissing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if ((error as AppError).code === "AWS_NOT_FOUND") return undefined;
    throw error;
  }
}
