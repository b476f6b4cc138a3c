import { isIP } from "node:net";
import type { CallArguments } from "../arguments.ts";
import { cookieIn, cookieName, withoutCookie } from "../cookies.ts";
import { type Filter, type FilterContext, type FilterSpec, defineFilter } from "../filter.ts";
import { addHeader, findHeader } from "../header-list.ts";

const family = "Cookies";
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// cookie-octet of RFC 6265 section 4.1.1, and space and comma, which are sent in quotes.
const VALUE = /^[\x20\x21\x23-\x3a\x3c-\x5b\x5d-\x7e]*$/;

function readName(args: CallArguments): string {
  const name = args.text(0);
  if (!NAME.test(name)) throw args.refusal("a cookie name of letters, digits and dashes");
  return name;
}

function readPair(args: CallArguments): { readonly name: string; readonly value: string; readonly pair: string } {
  const [name, value] = [readName(args), args.text(1)];
  if (!VALUE.test(value)) throw args.refusal("a value without quotes, semicolons, backslashes and controls");
  return { name, value, pair: `${name}=${/[ ,]/.test(value) ? `"${value}"` : value}` };
}

/** Gives each line of a field to `change`, and keeps what it returns; a line that becomes empty goes. */
function changeLines(list: string[], field: string, change: (line: string) => string): void {
  for (let at = findHeader(list, field); at >= 0; at = findHeader(list, field, at)) {
    const changed = change(list[at + 1] as string);
    if (changed === "") list.splice(at, 2);
    else {
      list[at + 1] = changed;
      at += 2;
    }
  }
}

function requestCookie(args: CallArguments): Filter {
  const { pair } = readPair(args);
  return {
    request({ requestHeaders }) {
      const at = findHeader(requestHeaders, "cookie");
      const line = at < 0 ? "" : (requestHeaders[at + 1] as string);
      if (at < 0) addHeader(requestHeaders, "Cookie", pair);
      else requestHeaders[at + 1] = line === "" ? pair : `${line}; ${pair}`;
    },
  };
}

/** The request host without its first label, for which all its siblings get the cookie, as in Skipper. */
function domainOf(host: string): string {
  if (isIP(host) !== 0 || host.startsWith("[") || !host.includes(".")) return "";
  const labels = host.split(".");
  return `; Domain=${labels.length < 3 ? host : labels.slice(1).join(".")}`;
}

function responseCookie(args: CallArguments, attributes: string): Filter {
  const { name, value, pair } = readPair(args);
  const maxAge = args.length < 3 ? "" : `; Max-Age=${Math.max(0, Math.trunc(args.number(2)))}`;
  const option = args.optionalText(3) ?? "";
  if (option !== "" && option !== "change-only") throw args.refusal('"change-only" or nothing');
  const isThere = (context: FilterContext): boolean => {
    for (let at = findHeader(context.requestHeaders, "cookie"); at >= 0; at = findHeader(context.requestHeaders, "cookie", at + 2)) {
      const found = cookieIn(context.requestHeaders[at + 1] as string, name);
      if (found !== undefined) return found === value;
    }
    return false;
  };
  return {
    response(context) {
      if (option !== "" && isThere(context)) return;
      addHeader(context.responseHeaders, "Set-Cookie", `${pair}; Path=/${domainOf(context.host)}${maxAge}${attributes}`);
    },
  };
}

const name = { name: "name", type: "text", what: "of the cookie" } as const;
const value = { name: "value", type: "text", what: "without quotes, semicolons, backslashes and controls" } as const;
const setParameters = [
  name,
  value,
  { name: "maxAge", type: "number", what: "seconds to keep it, 0 to take it away; left out: as long as the session", occurs: "optional" },
  { name: "option", type: "text", what: "`change-only`: not when the request has the cookie with this value", occurs: "optional" },
] as const;
const DOMAIN =
  "Its domain is the host without the first label, so that siblings of the host get it, too; browsers refuse it where that is a public suffix.";
const deviations = [
  "On a host that is an address, or of one label, it has no domain; Skipper makes one that browsers refuse.",
  "`change-only` looks at the request as filters left it; Skipper at the original.",
];

/** Filters that set and remove cookies. */
export const cookieFilters: readonly FilterSpec[] = [
  defineFilter({
    name: "requestCookie",
    family,
    does: "adds a cookie to the request.",
    parameters: [name, value],
    create: requestCookie,
  }),
  defineFilter({
    name: "responseCookie",
    family,
    does: `sets a cookie in the response, HttpOnly, Secure and for all paths. ${DOMAIN}`,
    parameters: setParameters,
    deviations,
    create: (args) => responseCookie(args, "; HttpOnly; Secure"),
  }),
  defineFilter({
    name: "jsCookie",
    family,
    does: `sets a cookie in the response that scripts can read, Secure and for all paths. ${DOMAIN}`,
    parameters: setParameters,
    deviations,
    create: (args) => responseCookie(args, "; Secure"),
  }),
  defineFilter({
    name: "dropRequestCookie",
    family,
    does: "removes a cookie from the request.",
    parameters: [name],
    create(args) {
      const cookie = readName(args);
      return { request: (context) => changeLines(context.requestHeaders, "cookie", (line) => withoutCookie(line, cookie)) };
    },
  }),
  defineFilter({
    name: "dropResponseCookie",
    family,
    does: "removes the lines of the response that set this cookie.",
    parameters: [name],
    create(args) {
      const cookie = readName(args);
      return {
        response: (context) => changeLines(context.responseHeaders, "set-cookie", (line) => (cookieName(line) === cookie ? "" : line)),
      };
    },
  }),
];
