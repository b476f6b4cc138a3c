import { findHeader } from "../header-list.ts";
import { type MatchInput, type PredicateSpec, definePredicate } from "../predicate.ts";

/** What the last proxy that named it said, each parameter for itself; empty when none did (RFC 7239 section 4). */
function lastForwarded({ requestHeaders }: MatchInput, parameter: "host" | "proto"): string {
  let last = "";
  for (let at = findHeader(requestHeaders, "forwarded"); at >= 0; at = findHeader(requestHeaders, "forwarded", at + 2)) {
    for (const pair of pairsOf(requestHeaders[at + 1] as string)) {
      const equals = pair.indexOf("=");
      if (equals < 0 || pair.slice(0, equals).trim().toLowerCase() !== parameter) continue;
      const value = unquoted(pair.slice(equals + 1).trim());
      if (value !== "") last = value;
    }
  }
  return last;
}

/** Cuts at commas and semicolons that are not quoted, in one pass: any client can send any line. */
function pairsOf(line: string): readonly string[] {
  const pairs: string[] = [];
  let from = 0;
  let isQuoted = false;
  for (let at = 0; at < line.length; at++) {
    const character = line[at];
    if (character === '"') isQuoted = !isQuoted;
    else if (character === "\\" && isQuoted) at++;
    else if ((character === "," || character === ";") && !isQuoted) {
      pairs.push(line.slice(from, at));
      from = at + 1;
    }
  }
  pairs.push(line.slice(from));
  return pairs;
}

function unquoted(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/g, "$1") : value;
}

const family = "The Forwarded field";
const deviations = [
  "Names of parameters are compared without case, values may be quoted, and all lines count (RFC 7239 section 4). Skipper reads the first line, and lower-case names.",
];

/** Predicates on the `Forwarded` field of RFC 7239. Anybody can send one: they choose routes, they do not protect them. */
export const forwardedPredicates: readonly PredicateSpec[] = [
  definePredicate({
    name: "ForwardedHost",
    family,
    does: "requests whose last `host=` in Forwarded the expression matches. Any client can send that field.",
    parameters: [{ name: "host", type: "expression", what: "found anywhere in the host unless anchored" }],
    deviations,
    create(args) {
      if (args.text(0) === "") throw args.refusal("an expression that is not empty");
      const regexp = args.expression(0);
      return {
        matches(input) {
          const host = lastForwarded(input, "host");
          return host !== "" && regexp.test(host);
        },
      };
    },
  }),
  definePredicate({
    name: "ForwardedProtocol",
    family,
    does: "requests whose last `proto=` in Forwarded is this one. Any client can send that field.",
    parameters: [{ name: "protocol", type: "text", what: "`http` or `https`" }],
    deviations,
    create(args) {
      const expected = args.text(0);
      if (expected !== "http" && expected !== "https") throw args.refusal('"http" or "https"');
      return { matches: (input) => lastForwarded(input, "proto").toLowerCase() === expected };
    },
  }),
];
