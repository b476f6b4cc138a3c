import { hash } from "node:crypto";
import type { FilterContext } from "./filter.ts";
import { getHeader } from "./header-list.ts";
import { compileTemplate } from "./template.ts";

/** A longer one is known by its hash: it may be a token, or made to fill memory. */
const LONGEST = 64;

/** Who a request is counted for; empty: for nobody, it is not limited. */
export type ClientKey = (context: FilterContext) => string;

/** Reads what a limit is kept for: names of fields, `X-Forwarded-For` for the client's address, templates; joined by commas. */
export function clientKey(lookup = "X-Forwarded-For"): ClientKey {
  const parts = lookup.split(",").map((part) => partOf(part.trim()));
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return (context) => shortKey(only(context));
  return (context) => {
    let key = "";
    let isSaid = false;
    for (let at = 0; at < parts.length; at++) {
      const part = (parts[at] as ClientKey)(context);
      if (part !== "") isSaid = true;
      // No field has a zero byte: what is between two of them is one part.
      key += at === 0 ? part : `\0${part}`;
    }
    return isSaid ? shortKey(key) : "";
  };
}

/** The key itself, or its hash. */
export function shortKey(key: string): string {
  return key.length <= LONGEST ? key : hash("sha256", key, "base64url");
}

function partOf(part: string): ClientKey {
  if (part.toLowerCase() === "x-forwarded-for") return (context) => context.clientAddress;
  if (!part.includes("${")) return (context) => getHeader(context.requestHeaders, part) ?? "";
  const template = compileTemplate(part, "field");
  return (context) => template.apply(context) ?? "";
}
