import type { CallArguments } from "../arguments.ts";
import { type Claims, unprovenClaims } from "../bearer-claims.ts";
import { type Predicate, type PredicateSpec, definePredicate } from "../predicate.ts";

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
      const found = unprovenClaims(input);
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
