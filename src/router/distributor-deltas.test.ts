import assert from "node:assert/strict";
import { test } from "node:test";

import { P, bench, generation, join, offer, offerDelta } from "./testing/distributor-bench.ts";

test("a worker that has the generation before gets the way from there with the pools that changed on it, others the whole and what followed", () => {
  const { distributor, take, answer } = bench();
  join(distributor, "a", 1);
  join(distributor, "b", 0);
  offer(distributor, 1);
  const first = take("b");
  answer("b", first, 1);
  offerDelta(distributor, 2);
  const update = take("a");
  assert.deepEqual([update?.generation, update?.deltas, update?.pools, update?.removedPools], [undefined, ["delta 2"], [P], ["gone"]]);
  const pools = take("b");
  assert.deepEqual([pools?.deltas, pools?.pools, pools?.removedPools], [[], [P], []], "the others wait, but not for endpoints");
  answer("b", pools, 1);
  answer("a", update, 2);
  const second = take("b");
  assert.deepEqual([second?.deltas, second?.pools, second?.removedPools], [["delta 2"], [], ["gone"]]);
  distributor.workerStarted("c");
  distributor.workerListening("c", 0, 0);
  const whole = take("c");
  assert.deepEqual([whole?.generation, whole?.deltas, whole?.pools], [generation(1).text, ["delta 2"], [P]]);
});

test("a worker that missed generations gets the deltas of all of them at once", () => {
  const { distributor, take, answer } = bench();
  join(distributor, "a", 1);
  offer(distributor, 2);
  const update = take("a");
  offerDelta(distributor, 3);
  offerDelta(distributor, 4);
  answer("a", update, 2);
  const next = take("a");
  assert.deepEqual([next?.generation, next?.deltas], [undefined, ["delta 3", "delta 4"]]);
});

test("a worker that a delta does not fit gets the whole generation, which is not bad because of that", () => {
  const { distributor, take, bad, answer } = bench();
  join(distributor, "a", 1);
  offer(distributor, 1);
  offerDelta(distributor, 2);
  const update = take("a");
  assert.deepEqual(update?.deltas, ["delta 2"]);
  answer("a", update, 1, { wantsWhole: true });
  const whole = take("a");
  assert.deepEqual([whole?.generation, whole?.deltas], [generation(1).text, ["delta 2"]]);
  answer("a", whole, 2);
  offerDelta(distributor, 3);
  const next = take("a");
  assert.deepEqual(next?.deltas, ["delta 3"]);
  answer("a", next, 3, { wantsWhole: true });
  assert.equal(take("a"), undefined, "it has what there is");
  offerDelta(distributor, 4);
  assert.equal(take("a")?.generation, generation(1).text);
  assert.deepEqual(bad, []);
});

test("a delta that kills makes its generation bad, and the one after it comes whole", () => {
  const { distributor, take, bad, answer } = bench();
  join(distributor, "a", 1);
  offer(distributor, 1);
  offerDelta(distributor, 2);
  for (let death = 1; death <= 3; death++) {
    assert.deepEqual(take("a")?.deltas, ["delta 2"]);
    distributor.workerApplying("a", 2);
    distributor.workerGone("a");
    join(distributor, "a", 1);
  }
  assert.deepEqual(bad, [2]);
  const pools = take("a");
  assert.deepEqual([pools?.deltas, pools?.generation, pools?.pools], [[], undefined, [P]]);
  answer("a", pools, 1);
  offerDelta(distributor, 3);
  const next = take("a");
  assert.deepEqual([next?.generation, next?.deltas], [generation(1).text, ["delta 2", "delta 3"]]);
});

test("a generation made anew takes the place of the deltas before it; a worker that has one of those gets the whole", () => {
  const { distributor, take, answer } = bench();
  join(distributor, "a", 1);
  offer(distributor, 1);
  for (const number of [2, 3, 4]) offerDelta(distributor, number);
  const update = take("a");
  assert.deepEqual(update?.deltas, ["delta 2"]);
  const anew = { ...generation(3), text: "generation 3 anew" };
  distributor.offer(anew.header, anew.text);
  assert.equal(distributor.newest?.header.number, 4);
  answer("a", update, 2);
  const whole = take("a");
  assert.deepEqual([whole?.generation, whole?.deltas, whole?.pools], ["generation 3 anew", ["delta 4"], [P]]);
  answer("a", whole, 4);
  join(distributor, "b", 3);
  const second = take("b");
  assert.deepEqual([second?.generation, second?.deltas, second?.pools, second?.removedPools], [undefined, ["delta 4"], [P], ["gone"]]);
});

test("pools that changed are told to a worker that starts later, also when all others have them in a generation made anew", () => {
  const { distributor, take, answer } = bench();
  join(distributor, "a", 1);
  offer(distributor, 1);
  offerDelta(distributor, 2);
  answer("a", take("a"), 2);
  distributor.offer(generation(2).header, "generation 2 anew");
  distributor.offerPools({ changed: [{ id: "q", endpoints: [] }], removed: [] });
  answer("a", take("a"), 2);
  join(distributor, "b", 2);
  assert.deepEqual(
    take("b")?.pools.map(({ id }) => id),
    ["q"],
  );
  join(distributor, "c", 0);
  const whole = take("c");
  assert.deepEqual([whole?.generation, whole?.pools.map(({ id }) => id)], ["generation 2 anew", ["q"]]);
});

test("a delta that leads on from nothing that is known is told, and nothing is sent", () => {
  const { distributor, take, gaps } = bench();
  join(distributor, "a", 1);
  offerDelta(distributor, 2);
  assert.deepEqual([gaps.count, take("a")], [1, undefined]);
});

test("a worker that starts from an older generation than those that serve gets the way from there, and the pools of that day and since", () => {
  const { distributor, take, answer } = bench();
  join(distributor, "a", 1);
  offer(distributor, 1);
  offerDelta(distributor, 2);
  answer("a", take("a"), 2);
  join(distributor, "b", 1);
  const update = take("b");
  assert.deepEqual([update?.generation, update?.deltas, update?.pools], [undefined, ["delta 2"], [P]]);
});
