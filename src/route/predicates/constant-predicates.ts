import { type PredicateSpec, definePredicate } from "../predicate.ts";

/** Predicates that ask nothing of the request's head. */
export const constantPredicates: readonly PredicateSpec[] = [
  definePredicate({
    name: "True",
    family: "Weight and state",
    does: "every request; adds weight, as each predicate does.",
    parameters: [],
    create: () => ({ matches: () => true }),
  }),
  definePredicate({
    name: "False",
    family: "Weight and state",
    does: "no request: the route is switched off.",
    parameters: [],
    create: () => ({ matches: () => false }),
  }),
  definePredicate({
    name: "Shutdown",
    family: "Weight and state",
    does: "every request, once this process was told to end.",
    parameters: [],
    create: () => ({ matches: (input) => input.isDraining }),
  }),
  definePredicate({
    name: "Tee",
    family: "Weight and state",
    does: "copies of requests to which `teeLoopback` gave this label; never a client's request.",
    parameters: [{ name: "label", type: "text", what: "not empty" }],
    create(args) {
      const label = args.text(0);
      if (label === "") throw args.refusal("a label that is not empty");
      return { matches: (input) => input.teeLabel === label };
    },
  }),
];
