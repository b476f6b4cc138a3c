import type { CallArguments } from "../arguments.ts";
import { getHeader } from "../header-list.ts";
import { type MatchInput, type Predicate, type PredicateSpec, definePredicate } from "../predicate.ts";

type Claims = Readonly<Record<string, unknown>>;

let lastField = "";
let lastClaims: Claims | undefined;

/** The claims of a bearer token, nothing of which is proven; undefined when there is no readable one. Those of the last are kept for the next route. */
function claimsOf({ requestHeaders }: MatchInput): Claims | undefined {
  const field = getHeader(requestHeaders, "authorization") ?? "";
  if (field !== lastField) {
    lastClaims = readClaims(field);
    lastField = field;
  }
  return lastClaims;
}

function readClaims(field: string): Claims | undefined {
  const [, payload] = /^Bearer [^.\s]+\.([A-Za-z0-9_-]+)\.[^.\s]*$/.exec(field) ?? [];
  if (payload === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    return typeof claims === "object" && claims !== null && !Array.isArray(claims) ? (claims as Claims) : undefined;
  } catch {
    return undefined;
  }
}

type Condition = (claims: Claims) => boolean;

function claims(args: CallArguments, quantity: "some" | "every", isExpression: boolean): Predicate {
  const conditions: Condition[] = [];
  for (let at = 0; at < args.length; at += 2) {
    const key = args.text(at);
    const expected = args.text(at + 1);
    const regexp = isExpression ? args.expression(at + 1) : undefined;
    conditions.push((found) => {
      const value = Object.hasOwn(found, key) ? found[key] : undefined;
      return typeof value === "string" && (regexp === undefined ? value === expected : regexp.test(value));
    });
  }
  return {
    matches(input) {
      const found = claimsOf(input);
      return found !== undefined && conditions[quantity]((condition) => condition(found));
    },
  };
}

const WARNING = "The token's signature is not checked: the predicate chooses a route and protects nothing.";

function tokenPredicate(name: string, quantity: "some" | "every", isExpression: boolean): PredicateSpec {
  const value = isExpression ? "an expression on the claim's text" : "the claim's text";
  return definePredicate({
    name,
    family: "Claims of a bearer token",
    does: `requests with a JWT as bearer token, of whose claims ${quantity === "some" ? "one" : "each"} is as said. ${WARNING}`,
    parameters: [
      { name: "claim", type: "text", what: "name of a claim that is a text", occurs: "repeated" },
      { name: "value", type: isExpression ? "expression" : "text", what: value, occurs: "repeated" },
    ],
    create: (args) => claims(args, quantity, isExpression),
  });
}

/** Predicates that look into a bearer token without checking it. */
export const tokenPredicates: readonly PredicateSpec[] = [
  tokenPredicate("JWTPayloadAnyKV", "some", false),
  tokenPredicate("JWTPayloadAllKV", "every", false),
  tokenPredicate("JWTPayloadAnyKVRegexp", "some", true),
  tokenPredicate("JWTPayloadAllKVRegexp", "every", true),
];
