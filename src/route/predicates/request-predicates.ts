import { BlockList, isIPv6 } from "node:net";
import { argumentError, stringArguments } from "../arguments.ts";
import { findHeader } from "../header-list.ts";
import type { MatchInput, Predicate, PredicateSpec } from "../predicate.ts";
import { compileRegexp } from "../regexp.ts";

/** Whether a line with this name has a value that `accepts` takes. */
function anyHeader(input: MatchInput, name: string, accepts: (value: string) => boolean): boolean {
  const lines = input.requestHeaders;
  for (let at = findHeader(lines, name); at >= 0; at = findHeader(lines, name, at + 2)) {
    if (accepts(lines[at + 1] as string)) return true;
  }
  return false;
}

/** The value of a cookie, from any Cookie line (RFC 6265 section 5.4); undefined when it is not there. */
export function cookieValue(input: MatchInput, name: string): string | undefined {
  let found: string | undefined;
  anyHeader(input, "cookie", (line) => {
    for (const pair of line.split(";")) {
      const equals = pair.indexOf("=");
      if (equals > 0 && pair.slice(0, equals).trim() === name) {
        found = pair
          .slice(equals + 1)
          .trim()
          .replace(/^"(.*)"$/, "$1");
        return true;
      }
    }
    return false;
  });
  return found;
}

function headerPredicate(name: string, accepts: (value: string) => boolean): Predicate {
  return { matches: (input) => anyHeader(input, name, accepts) };
}

function methodsPredicate(methods: readonly string[]): Predicate {
  return { matches: (input) => methods.includes(input.method) };
}

function clientPredicate(ranges: readonly string[]): Predicate {
  const list = new BlockList();
  for (const range of ranges) addRange(list, range, ranges);
  return { matches: (input) => list.check(input.clientAddress, isIPv6(input.clientAddress) ? "ipv6" : "ipv4") };
}

function addRange(list: BlockList, range: string, all: readonly string[]): void {
  const [address = "", bits] = range.split("/");
  const family = isIPv6(address) ? "ipv6" : "ipv4";
  try {
    if (bits === undefined) list.addAddress(address, family);
    else if (/^[0-9]{1,3}$/.test(bits)) list.addSubnet(address, Number(bits), family);
    else throw argumentError("addresses or ranges as in 10.2.0.0/16", all);
  } catch (thrown) {
    throw Object.assign(argumentError("addresses or ranges as in 10.2.0.0/16", all), { cause: thrown });
  }
}

const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Predicates that look at the request and nothing else. */
export const requestPredicates: readonly PredicateSpec[] = [
  {
    name: "Method",
    create(args) {
      const [method = ""] = stringArguments(args, 1, "(method)");
      if (!METHOD.test(method)) throw argumentError("(method)", args);
      return methodsPredicate([method]);
    },
  },
  {
    name: "Methods",
    create(args) {
      const methods = stringArguments(args, args.length, "(method, …)").map((method) => method.toUpperCase());
      if (methods.length === 0 || !methods.every((method) => METHOD.test(method))) throw argumentError("(method, …)", args);
      return methodsPredicate(methods);
    },
  },
  {
    name: "Header",
    create(args) {
      const [name = "", expected = ""] = stringArguments(args, 2, "(name, value)");
      return headerPredicate(name, (value) => value === expected);
    },
  },
  {
    name: "HeaderRegexp",
    create(args) {
      const [name = "", source = ""] = stringArguments(args, 2, "(name, regular expression)");
      const regexp = compileRegexp(source);
      return headerPredicate(name, (value) => regexp.test(value));
    },
  },
  {
    name: "Cookie",
    create(args) {
      const [name = "", source = ""] = stringArguments(args, 2, "(name, regular expression)");
      const regexp = compileRegexp(source);
      return {
        matches(input) {
          const value = cookieValue(input, name);
          return value !== undefined && regexp.test(value);
        },
      };
    },
  },
  {
    name: "PathRegexp",
    create(args) {
      const [source = ""] = stringArguments(args, 1, "(regular expression)");
      const regexp = compileRegexp(source);
      return { matches: (input) => regexp.test(input.matchPath) };
    },
  },
  {
    name: "ClientIP",
    create(args) {
      if (args.length === 0) throw argumentError("addresses or ranges as in 10.2.0.0/16", args);
      return clientPredicate(stringArguments(args, args.length, "(range, …)"));
    },
  },
  {
    name: "True",
    create(args) {
      stringArguments(args, 0, "no arguments");
      return { matches: () => true };
    },
  },
  {
    name: "False",
    create(args) {
      stringArguments(args, 0, "no arguments");
      return { matches: () => false };
    },
  },
];
