import type { CallArguments } from "../arguments.ts";
import { type Predicate, type PredicateSpec, definePredicate } from "../predicate.ts";
import { queryPairs } from "../query.ts";

const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

function methods(args: CallArguments, names: readonly string[]): Predicate {
  if (!names.every((method) => METHOD.test(method))) throw args.refusal("methods of letters");
  return { matches: (input) => names.includes(input.method) };
}

/** Predicates that look at the request line. */
export const requestPredicates: readonly PredicateSpec[] = [
  definePredicate({
    name: "Method",
    family: "Method and query",
    does: "requests with this method.",
    parameters: [{ name: "method", type: "text", what: "in upper case" }],
    create: (args) => methods(args, args.texts()),
  }),
  definePredicate({
    name: "Methods",
    family: "Method and query",
    does: "requests with one of these methods.",
    parameters: [{ name: "method", type: "text", what: "in any case", occurs: "repeated" }],
    create: (args) =>
      methods(
        args,
        args.texts().map((method) => method.toUpperCase()),
      ),
  }),
  definePredicate({
    name: "QueryParam",
    family: "Method and query",
    does: "requests with this query parameter, whose value the expression matches if there is one.",
    parameters: [
      { name: "name", type: "text", what: "decoded" },
      { name: "value", type: "expression", what: "on each decoded value of the parameter", occurs: "optional" },
    ],
    create(args) {
      const expected = args.text(0);
      const regexp = args.length === 1 ? undefined : args.expression(1);
      return {
        matches({ query }) {
          for (const [name, value] of queryPairs(query)) if (name === expected && (regexp?.test(value) ?? true)) return true;
          return false;
        },
      };
    },
  }),
  definePredicate({
    name: "PathRegexp",
    family: "Path and host",
    does: "requests whose normalised path the expression matches.",
    parameters: [{ name: "path", type: "expression", what: "found anywhere in the path unless anchored" }],
    create(args) {
      const regexp = args.expression(0);
      return { matches: (input) => regexp.test(input.matchPath) };
    },
  }),
];
