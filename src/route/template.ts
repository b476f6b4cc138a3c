import type { FilterContext } from "./filter.ts";
import { getHeader } from "./header-list.ts";
import { pathParameter } from "./path-pattern.ts";

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

/** Prepares a template once, so that applying it looks up and joins. A text without placeholders is returned as it is. */
export function compileTemplate(text: string): Template {
  const parts = text.split(/(\$\{[^{}]+\})/);
  if (parts.length === 1) return { apply: () => text, applyLoosely: () => text };
  const getters = parts.filter((part) => part !== "").map(partOf);
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
  "request.source": (context) => forwardedFor(context)?.split(",")[0]?.trim() ?? context.clientAddress,
  "request.sourceFromLast": (context) => forwardedFor(context)?.split(",").at(-1)?.trim() ?? context.clientAddress,
};

function partOf(part: string): Part {
  if (!/^\$\{[^{}]+\}$/.test(part)) return () => part;
  const name = part.slice(2, -1);
  if (Object.hasOwn(REQUEST, name)) return REQUEST[name] as Part;
  const [, from, key = ""] = /^(request\.header|request\.query|request\.cookie|response\.header)\.(.+)$/.exec(name) ?? [];
  switch (from) {
    case "request.header":
      return (context) => present(getHeader(context.requestHeaders, key));
    case "response.header":
      return (context) => present(getHeader(context.responseHeaders, key));
    case "request.query":
      return (context) => present(new URLSearchParams(context.query).get(key) ?? undefined);
    case "request.cookie":
      return (context) => present(cookieOf(getHeader(context.requestHeaders, "cookie") ?? "", key));
    default:
      return (context) => {
        const pattern = context.route.pathPattern;
        return pattern === undefined ? undefined : present(pathParameter(pattern, context.matchPath, name));
      };
  }
}

function present(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

function forwardedFor(context: FilterContext): string | undefined {
  return present(getHeader(context.requestHeaders, "x-forwarded-for"));
}

function cookieOf(line: string, name: string): string | undefined {
  for (const pair of line.split(";")) {
    const equals = pair.indexOf("=");
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}
