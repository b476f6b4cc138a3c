import type { Json } from "../document/json.ts";
import { JsonPathReader } from "./json-path-reader.ts";

export interface JsonPath {
  /** The values that the path leads to, in order. */
  valuesIn(data: Json): readonly Json[];
}

/**
 * A JSONPath as jsonpath2 reads it, which Chaos Toolkit uses. It is not that of RFC 9535: a filter `[?(@.a=1)]` judges the value it stands behind, not
 * what is in it; comparisons have one `=`; `or` binds closer than `and`; there are functions (`length()`, `keys()`). Throws SyntaxError.
 */
export function compileJsonPath(text: string): JsonPath {
  const step = new JsonPathReader(text).path();
  return { valuesIn: (data) => step(data, data) };
}
