import type { Call } from "../route/index.ts";
import type { TrafficAlgorithm } from "./options.ts";

/**
 * The predicates that give each of several back ends its share, in their order. When no back end has a weight all have the same;
 * else one with weight 0 gets no traffic.
 *
 * `traffic-segment-predicate` cuts [0, 1) into segments. `traffic-predicate` is Skipper's older chain: each takes its share of what
 * those before it left, and `True` keeps them in order, because a table tries routes with more predicates first.
 */
export function trafficPredicates(weights: readonly number[], algorithm: TrafficAlgorithm): readonly (readonly Call[])[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const shares = total > 0 ? weights : weights.map(() => 1);
  if (shares.length < 2) return shares.map(() => []);
  return algorithm === "traffic-segment-predicate" ? segments(shares) : chain(shares);
}

function segments(shares: readonly number[]): readonly (readonly Call[])[] {
  const total = shares.reduce((sum, share) => sum + share, 0);
  let before = 0;
  return shares.map((share) => {
    const from = before / total;
    before += share;
    return [{ name: "TrafficSegment", args: [from, before / total] }];
  });
}

function chain(shares: readonly number[]): readonly (readonly Call[])[] {
  const last = shares.findLastIndex((share) => share > 0);
  return shares.map((share, at) => {
    if (at === last) return [];
    const left = shares.slice(at).reduce((sum, other) => sum + other, 0);
    const traffic = { name: "Traffic", args: [left === 0 ? 0 : share / left] };
    const order = at < last ? shares.slice(at + 2).map(() => ({ name: "True", args: [] })) : [];
    return [traffic, ...order];
  });
}
