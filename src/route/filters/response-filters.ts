import { AppError } from "../../kernel/index.ts";
import { argumentError, numberArgument, stringArguments } from "../arguments.ts";
import type { Argument } from "../definition.ts";
import type { Filter, FilterContext, FilterSpec } from "../filter.ts";
import { getHeader } from "../header-list.ts";
import { splitAuthority } from "../path.ts";

const EMPTY = new Uint8Array(0);
const REDIRECT = "(status between 300 and 399) or (status, location)";

/** What a location leaves out is taken from the request, as in `https:` or `/new` or `//other.example.org`. */
interface Location {
  readonly scheme: string | undefined;
  readonly authority: string | undefined;
  readonly path: string | undefined;
  readonly query: string | undefined;
  readonly fragment: string;
}

// RFC 3986 appendix B.
const URI = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(#.*)?$/;

function parseLocation(args: readonly Argument[]): Location {
  const text = String(args[1] ?? "");
  const found = URI.exec(text);
  const path = found?.[3] ?? "";
  if (found === null || !/^[\x21-\x7e]*$/.test(text) || (path !== "" && !path.startsWith("/"))) {
    throw argumentError(`${REDIRECT} with a location as in "https:", "/path" or "https://example.org/path"`, args);
  }
  return {
    scheme: found[1],
    authority: found[2] === "" ? undefined : found[2],
    path: path === "" ? undefined : path,
    query: found[4],
    fragment: found[5] ?? "",
  };
}

function locate(location: Location, context: FilterContext): string {
  const scheme = location.scheme ?? context.scheme;
  const query = location.query ?? context.query;
  const authority = location.authority ?? requestAuthority(context, scheme === context.scheme);
  return `${scheme}://${authority}${location.path ?? context.path}${query === "" ? "" : `?${query}`}${location.fragment}`;
}

/** The port belongs to the scheme it was reached by: it is left out when that changes. */
function requestAuthority(context: FilterContext, keepPort: boolean): string {
  const sent = getHeader(context.requestHeaders, "host");
  return keepPort && sent !== undefined && splitAuthority(sent).host === context.host ? sent : context.host;
}

function redirectTo(args: readonly Argument[]): Filter {
  if (args.length !== 1 && args.length !== 2) throw argumentError(REDIRECT, args);
  const status = numberArgument(args, 0, [300, 399], REDIRECT);
  const location = parseLocation(args);
  return { request: (context) => context.respond(status, ["Location", locate(location, context)], EMPTY) };
}

const MAX_CONTENT = 1024 * 1024;

function inlineContent(args: readonly Argument[]): Filter {
  const expected = "(text) or (text, content type)";
  const [text = "", type] = stringArguments(args, args.length === 2 ? 2 : 1, expected);
  const body = new TextEncoder().encode(text);
  if (body.length > MAX_CONTENT)
    throw new AppError("ROUTE_ARGUMENT", `inline content has at most ${MAX_CONTENT} bytes, this ${body.length}`);
  if (type !== undefined && !/^[\x20-\x7e]+$/.test(type)) throw argumentError(expected, args);
  const headers = ["Content-Type", type ?? typeOf(text)];
  return { request: (context) => context.respond(200, headers, body) };
}

function typeOf(text: string): string {
  return /^\s*<(!doctype html|html|head|body)\b/i.test(text) ? "text/html; charset=utf-8" : "text/plain; charset=utf-8";
}

/** Filters that decide the answer. */
export const responseFilters: readonly FilterSpec[] = [
  {
    name: "status",
    create(args) {
      stringArguments(args, 1, "(status between 200 and 599)");
      const status = numberArgument(args, 0, [200, 599], "(status between 200 and 599)");
      return {
        response(context) {
          context.responseStatus = status;
        },
      };
    },
  },
  { name: "redirectTo", create: redirectTo },
  { name: "inlineContent", create: inlineContent },
];

/** Filters that say something to readers of routes and do nothing to requests. */
export const remarkFilters: readonly FilterSpec[] = [
  { name: "comment", create: (args) => (stringArguments(args, 1, "(text)"), {}) },
  { name: "annotate", create: (args) => (stringArguments(args, 2, "(key, value)"), {}) },
];
