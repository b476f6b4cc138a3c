import { argumentError, numberArgument } from "../arguments.ts";
import type { PredicateSpec } from "../predicate.ts";
import { cookieValue } from "./request-predicates.ts";

const TRAFFIC = "(share between 0 and 1) or (share, cookie name, group)";
const SEGMENT = "(from, to) with 0 <= from <= to <= 1";

/** Predicates that split traffic by chance. */
export const trafficPredicates: readonly PredicateSpec[] = [
  {
    // Each draws anew: in a chain, a share is one of what the routes before it left.
    name: "Traffic",
    create(args) {
      const share = numberArgument(args, 0, [0, 1], TRAFFIC);
      if (args.length === 1) return { matches: (input) => input.random.next() < share };
      const [, cookie, group] = args;
      if (args.length !== 3 || typeof cookie !== "string" || typeof group !== "string") throw argumentError(TRAFFIC, args);
      return {
        matches(input) {
          const member = cookieValue(input, cookie);
          return member === undefined ? input.random.next() < share : member === group;
        },
      };
    },
  },
  {
    // One number per request, so that the segments of several routes partition the requests. Not to change the order, it weighs nothing.
    name: "TrafficSegment",
    weight: 0,
    create(args) {
      if (args.length !== 2) throw argumentError(SEGMENT, args);
      const from = numberArgument(args, 0, [0, 1], SEGMENT);
      const to = numberArgument(args, 1, [from, 1], SEGMENT);
      return {
        matches(input, state) {
          const at = state.segment(input);
          return at >= from && at < to;
        },
      };
    },
  },
];
