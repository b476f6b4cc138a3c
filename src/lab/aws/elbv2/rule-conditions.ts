import { AwsError } from "../wire/aws-error.ts";
import type { Fields } from "../wire/query-input.ts";
import { structures, text, texts } from "../wire/inputs.ts";
import { limits } from "./account-limits.ts";

/** Where each field's values stand, and how often the field may be in a rule (page "Listener rules"). */
const FIELDS: Readonly<Record<string, { readonly config: string; readonly isOnce: boolean }>> = {
  "host-header": { config: "HostHeaderConfig", isOnce: true },
  "path-pattern": { config: "PathPatternConfig", isOnce: true },
  "http-request-method": { config: "HttpRequestMethodConfig", isOnce: true },
  "source-ip": { config: "SourceIpConfig", isOnce: true },
  "http-header": { config: "HttpHeaderConfig", isOnce: false },
  "query-string": { config: "QueryStringConfig", isOnce: false },
};
const MOST_VALUES = limits["condition-values-per-alb-rule"];
const MOST_WILDCARDS = limits["condition-wildcards-per-alb-rule"];
const LONGEST_VALUE = 128;

/** Reads the conditions of a rule, their values in the field's own configuration and, as AWS answers them, in `Values`. Throws AwsError. */
export function readConditions(given: readonly Fields[]): readonly Fields[] {
  if (given.length === 0) throw new AwsError("ValidationError", "A rule must have at least one condition");
  const seen = new Set<string>();
  let values = 0;
  let wildcards = 0;
  const conditions = given.map((condition) => {
    const field = text(condition, "Field") ?? "";
    const spec = Object.hasOwn(FIELDS, field) ? FIELDS[field] : undefined;
    if (spec === undefined)
      throw new AwsError("ValidationError", `Condition field '${field}' must be one of '[${Object.keys(FIELDS).join(", ")}]'`);
    if (spec.isOnce && seen.has(field)) throw new AwsError("ValidationError", `Condition field '${field}' can be specified once`);
    seen.add(field);
    const config = condition[spec.config] as Fields | undefined;
    const plain = texts(condition, "Values");
    if (config !== undefined && plain !== undefined)
      throw new AwsError("ValidationError", `You cannot specify both Values and ${spec.config} for condition field '${field}'`);
    if (field === "query-string") {
      const pairs = (config === undefined ? undefined : structures(config, "Values")) ?? [];
      values += checkedCount(field, pairs.length);
      return { Field: field, QueryStringConfig: { Values: pairs } };
    }
    const wanted = plain ?? (config === undefined ? undefined : texts(config, "Values")) ?? [];
    values += checkedCount(field, wanted.length);
    for (const value of wanted) {
      if (value.length > LONGEST_VALUE)
        throw new AwsError("ValidationError", `Condition value '${value.slice(0, 40)}…' is longer than ${LONGEST_VALUE} characters`);
      wildcards += field === "source-ip" ? 0 : (value.match(/[*?]/g)?.length ?? 0);
    }
    if (field === "http-header" && text(config ?? {}, "HttpHeaderName") === undefined)
      throw new AwsError("ValidationError", "A condition on a header must have its name");
    return { Field: field, ...(field === "http-header" ? {} : { Values: wanted }), [spec.config]: { ...config, Values: wanted } };
  });
  if (values > MOST_VALUES) throw new AwsError("ValidationError", `A rule can have at most ${MOST_VALUES} condition values`);
  if (wildcards > MOST_WILDCARDS) throw new AwsError("ValidationError", `A rule can have at most ${MOST_WILDCARDS} wildcards`);
  return conditions;
}

function checkedCount(field: string, count: number): number {
  if (count === 0) throw new AwsError("ValidationError", `Condition field '${field}' must have at least one value`);
  return count;
}
