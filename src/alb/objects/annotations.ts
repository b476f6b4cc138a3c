import { AWS_ANNOTATIONS } from "./aws-annotations.ts";
import type { Annotation } from "./annotation.ts";
import type { ClaimOptions } from "./claim-options.ts";
import { SaidBuilder } from "./said.ts";
import { AWS_PREFIX, UNHEEDED, ZALANDO_PREFIXES } from "./unheeded.ts";
import { ZALANDO_ANNOTATIONS } from "./zalando-annotations.ts";

/** All that are heeded, in the order of the documentation. */
export const ANNOTATIONS: readonly Annotation[] = [...ZALANDO_ANNOTATIONS, ...AWS_ANNOTATIONS];

const BY_KEY: ReadonlyMap<string, Annotation> = new Map(ANNOTATIONS.map((annotation) => [annotation.key, annotation]));

/** Reads an object's annotations; those whose value cannot be used are the builder's problems. */
export function readAnnotations(annotations: ReadonlyMap<string, string>, options: ClaimOptions): SaidBuilder {
  const builder = new SaidBuilder();
  const unheeded: string[] = [];
  for (const [key, text] of [...annotations].toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    const annotation = BY_KEY.get(key);
    if (annotation !== undefined) builder.attempt(() => annotation.read(text.trim(), builder, options));
    else if (isMeantForUs(key)) unheeded.push(key);
  }
  if (unheeded.length > 0) {
    const known = unheeded.filter((key) => UNHEEDED.some(({ matches }) => matches(key)));
    const unknown = unheeded.filter((key) => !known.includes(key));
    if (known.length > 0)
      builder.note(`not heeded: ${known.join(", ")} (docs/reference/alb-annotations.md says what to use in their place)`);
    if (unknown.length > 0) builder.note(`unknown, so not heeded: ${unknown.join(", ")}; look for a typing error`);
  }
  return builder;
}

function isMeantForUs(key: string): boolean {
  return key.startsWith(AWS_PREFIX) || ZALANDO_PREFIXES.some((prefix) => key.startsWith(prefix));
}
