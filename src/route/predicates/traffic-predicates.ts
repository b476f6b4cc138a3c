import { type PredicateSpec, definePredicate } from "../predicate.ts";
import { cookieValue } from "./header-predicates.ts";

const family = "Chance";

/** Predicates that split traffic by chance. */
export const trafficPredicates: readonly PredicateSpec[] = [
  definePredicate({
    // Each draws anew: in a chain, a share is one of what the routes before it left.
    name: "Traffic",
    family,
    does: "this share of the requests that come to the route; with a cookie, those of its group always and those of other groups never.",
    parameters: [
      { name: "share", type: "number", what: "from 0 to 1", range: [0, 1] },
      { name: "cookie", type: "text", what: "name of the cookie that says the group", occurs: "optional" },
      { name: "group", type: "text", what: "the cookie's value for this route; stands with `cookie`", occurs: "optional" },
    ],
    create(args) {
      const share = args.number(0);
      if (args.length === 1) return { matches: (input) => input.random.next() < share };
      const [cookie, group] = [args.text(1), args.text(2)];
      if (args.length !== 3 || typeof args.raw(1) !== "string" || typeof args.raw(2) !== "string")
        throw args.refusal("both cookie and group, as texts");
      return {
        matches(input) {
          const member = cookieValue(input, cookie);
          return member === undefined ? input.random.next() < share : member === group;
        },
      };
    },
  }),
  definePredicate({
    // One number per request, so that the segments of several routes partition the requests. Not to change the order, it weighs nothing.
    name: "TrafficSegment",
    weight: 0,
    family,
    does: "requests whose one random number is in the segment, so that the segments of several routes split the requests. Adds no weight.",
    parameters: [
      { name: "from", type: "number", what: "from 0 to 1, included", range: [0, 1] },
      { name: "to", type: "number", what: "from `from` to 1, not included", range: [0, 1] },
    ],
    create(args) {
      const [from, to] = [args.number(0), args.number(1)];
      if (to < from) throw args.refusal("0 <= from <= to <= 1");
      return {
        matches(input, state) {
          const at = state.segment(input);
          return at >= from && at < to;
        },
      };
    },
  }),
];
