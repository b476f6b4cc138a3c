import type { CallArguments } from "../arguments.ts";
import { type Filter, type FilterContext, type FilterSpec, defineFilter } from "../filter.ts";
import { getHeader } from "../header-list.ts";
import { splitAuthority } from "../path.ts";
import { skipperPage } from "../predicate.ts";

const EMPTY = new Uint8Array(0);

/** What a location leaves out is taken from the request, as in `https:` or `/new` or `//other.example.org`. */
interface Location {
  readonly scheme: string;
  readonly authority: string | undefined;
  readonly path: string | undefined;
  readonly query: string;
  readonly fragment: string;
}

// RFC 3986 appendix B.
const URI = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(#.*)?$/;

function parseLocation(args: CallArguments): Location {
  const text = args.text(1);
  const found = URI.exec(text);
  const path = found?.[3] ?? "";
  if (found === null || !/^[\x21-\x7e]*$/.test(text) || (path !== "" && !path.startsWith("/"))) {
    throw args.refusal('a location as in "https:", "/path" or "https://example.org/path"');
  }
  return {
    scheme: found[1] ?? "https",
    authority: found[2] === "" ? undefined : found[2],
    path: path === "" ? undefined : path,
    query: found[4] ?? "",
    fragment: found[5] ?? "",
  };
}

function locate(location: Location, context: FilterContext, isLower: boolean): string {
  const { scheme, fragment } = location;
  const authority = location.authority ?? requestAuthority(context, scheme === context.scheme);
  const path = location.path ?? context.path;
  const query = [context.query, location.query].filter((part) => part !== "").join("&");
  return `${scheme}://${authority}${isLower ? path.toLowerCase() : path}${query === "" ? "" : `?${query}`}${fragment}`;
}

/** The Host as filters left it. The port belongs to the scheme it was reached by: it is left out when that changes. */
function requestAuthority(context: FilterContext, keepPort: boolean): string {
  const sent = getHeader(context.requestHeaders, "host") ?? context.host;
  return keepPort ? sent : splitAuthority(sent).host;
}

function redirect(args: CallArguments, isLower: boolean): Filter {
  const [status, location] = [Math.trunc(args.number(0)), parseLocation(args)];
  return { request: (context) => context.respond(status, ["Location", locate(location, context, isLower)], EMPTY) };
}

const status = { name: "status", type: "number", what: "of the answer", range: [300, 399] } as const;
const location = {
  name: "location",
  type: "text",
  what: "where to, as in `https:`, `/path`, `//example.org`, `https://example.org/path?a=1`; host and path it leaves out are the request's, a scheme it leaves out is https, its query is put behind the request's",
} as const;
const parameters = [status, { ...location, occurs: "optional" }] as const;
const PORT = "The request's port is left out where the scheme is not the request's; Skipper keeps it.";

/** The same to a response that is there. */
function redirectBack(args: CallArguments): Filter {
  const [status, location] = [Math.trunc(args.number(0)), parseLocation(args)];
  return {
    response(context) {
      context.responseStatus = status;
      context.setField("response", "Location", locate(location, context, false));
      context.dropField("response", "Content-Type");
      context.replaceBody(EMPTY);
    },
  };
}

/** Filters that send the client elsewhere. */
export const redirectFilters: readonly FilterSpec[] = [
  defineFilter({
    name: "redirectTo",
    family: "Answers",
    does: "answers with a redirect; no back end is asked.",
    parameters,
    deviations: [PORT],
    create: (args) => redirect(args, false),
  }),
  defineFilter({
    name: "redirectToLower",
    family: "Answers",
    does: "answers with a redirect whose path is in lower case; no back end is asked.",
    parameters,
    deviations: [PORT],
    create: (args) => redirect(args, true),
  }),
  defineFilter({
    name: "redirect",
    family: "Answers",
    does: "makes a redirect of the response, whatever it is. A name that Skipper has deprecated: with `redirectTo` no back end is asked.",
    parameters: [status, location],
    deviations: [PORT],
    source: skipperPage("filters", "redirectTo"),
    create: redirectBack,
  }),
];
