import { forwardedAddress } from "./address-ranges.ts";
import { cookieIn } from "./cookies.ts";
import type { FilterContext, Pass } from "./filter.ts";
import { getHeader } from "./header-list.ts";
import { pathParameter } from "./path-pattern.ts";
import { queryValue } from "./query.ts";

/**
 * A text with placeholders: `${request.method}`, `${request.host}`, `${request.path}`, `${request.rawQuery}`,
 * `${request.clientIP}`, `${request.source}`, `${request.sourceFromLast}`, `${request.header.NAME}`,
 * `${request.query.NAME}`, `${request.cookie.NAME}`, `${response.header.NAME}` and `${NAME}` for a path parameter.
 */
export interface Template {
  /** The text, or undefined when a placeholder has no value. */
  apply(context: FilterContext): string | undefined;
  /** The text, with nothing for placeholders that have no value. */
  applyLoosely(context: FilterContext): string;
}

type Part = (context: FilterContext) => string | undefined;

/**
 * Prepares a template once, so that applying it looks up and joins. What is decoded from the path or query is text; for a `field` it
 * becomes the bytes of its UTF-8 form, one character each, which is how heads are kept.
 */
export function compileTemplate(text: string, use: "field" | "path"): Template {
  const encode = use === "field" ? utf8Bytes : (decoded: string): string => decoded;
  const parts = text.split(/(\$\{[^{}]+\})/);
  const fixed = encode(text);
  if (parts.length === 1) return { apply: () => fixed, applyLoosely: () => fixed };
  const getters = parts.filter((part) => part !== "").map((part) => partOf(part, encode));
  return {
    apply(context) {
      let result = "";
      for (let at = 0; at < getters.length; at++) {
        const value = (getters[at] as Part)(context);
        if (value === undefined) return undefined;
        result += value;
      }
      return result;
    },
    applyLoosely(context) {
      let result = "";
      for (let at = 0; at < getters.length; at++) result += (getters[at] as Part)(context) ?? "";
      return result;
    },
  };
}

const REQUEST: Readonly<Record<string, Part>> = {
  "request.method": (context) => context.method,
  "request.host": (context) => context.host,
  "request.path": (context) => context.path,
  "request.rawQuery": (context) => context.query,
  "request.clientIP": (context) => context.clientAddress,
  "request.source": (context) => forwardedAddress(context.forwardedFor?.split(",")[0] ?? "") ?? context.clientAddress,
  "request.sourceFromLast": (context) => forwardedAddress(context.forwardedFor?.split(",").at(-1) ?? "") ?? context.clientAddress,
};

function utf8Bytes(text: string): string {
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

function partOf(part: string, encode: (decoded: string) => string): Part {
  const fixed = encode(part);
  if (!/^\$\{[^{}]+\}$/.test(part)) return () => fixed;
  const name = part.slice(2, -1);
  if (Object.hasOwn(REQUEST, name)) return REQUEST[name] as Part;
  const [, from = "", key = ""] = /^(request\.header|request\.query|request\.cookie|response\.header)\.(.+)$/.exec(name) ?? [];
  switch (from) {
    case "request.header":
      return (context) => present(getHeader(context.requestHeaders, key));
    case "response.header":
      return (context) => present(getHeader(context.responseHeaders, key));
    case "request.query":
      return (context) => present(encode(queryValue(context.query, key) ?? ""));
    case "request.cookie":
      return (context) => present(cookieIn(getHeader(context.requestHeaders, "cookie") ?? "", key));
    default:
      return (context) => present(encode(parameterOf(context, name) ?? ""));
  }
}

/** Of the route the request came to, else of the one it came from. */
function parameterOf(pass: Pass | undefined, name: string): string | undefined {
  for (let at = pass; at !== undefined; at = at.outer) {
    const value = at.route.pathPattern === undefined ? undefined : pathParameter(at.route.pathPattern, at.matchPath, name);
    if (value !== undefined) return value;
  }
  return undefined;
}

function present(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}
