import assert from "node:assert/strict";
import { test } from "node:test";

import { bench, generation, join, offer, type Bench, type Update } from "./testing/distributor-bench.ts";

test("a worker that awaits its table gets it before it listens", () => {
  const { distributor, take, answer } = bench();
  join(distributor, "a", 1);
  offer(distributor, 2);
  answer("a", take("a"), 2);
  distributor.workerStarted("b");
  assert.equal(take("b"), undefined, "nothing is sent to a process that has not spoken");
  distributor.workerAwaiting("b");
  const update = take("b");
  assert.equal(update?.generation, generation(2).text);
  answer("b", update, 2);
  assert.equal(distributor.view("b").state, "starting");
  distributor.workerListening("b", 2, 0);
  assert.deepEqual(distributor.view("b"), { state: "ready", generation: 2, routes: 0, knowledge: "restored" });
});

test("a new generation goes to one worker alone and to the others once it serves there", () => {
  const { distributor, take, answer } = bench();
  join(distributor, "a", 1);
  join(distributor, "b", 1);
  offer(distributor, 2);
  const first = take("a");
  assert.ok(first?.generation?.includes('"number":2'));
  assert.equal(take("b"), undefined);
  answer("a", first, 2);
  assert.ok(take("b")?.generation?.includes('"number":2'));
});

test("a generation that a worker refuses is bad and reaches no other worker", () => {
  const { distributor, take, bad, answer } = bench();
  join(distributor, "a", 1);
  join(distributor, "b", 1);
  offer(distributor, 2);
  const first = take("a");
  answer("a", first, 1, { problem: "cannot be built" });
  assert.deepEqual(bad, [2]);
  assert.equal(take("b"), undefined);
  offer(distributor, 2);
  assert.equal(take("a"), undefined, "offered again, it stays bad");
});

test("a generation that kills is tried on the same worker only, and is bad after three deaths", () => {
  const { distributor, take, bad } = bench();
  join(distributor, "a", 1);
  join(distributor, "b", 1);
  offer(distributor, 2);
  for (let death = 1; death <= 3; death++) {
    assert.deepEqual(bad, []);
    assert.ok(take("a")?.generation !== undefined, `attempt ${death}`);
    distributor.workerApplying("a", 2);
    distributor.workerGone("a");
    assert.equal(take("b"), undefined);
    join(distributor, "a", 1);
  }
  assert.deepEqual(bad, [2]);
  assert.equal(take("a"), undefined);
});

test("deaths while booting from the disk count too", () => {
  const { distributor, bad } = bench();
  for (let death = 1; death <= 3; death++) {
    distributor.workerStarted("a");
    distributor.workerApplying("a", 7);
    distributor.workerGone("a");
  }
  assert.deepEqual(bad, [7]);
});

test("after a bad generation a worker without a table gets the proven one, and a newer one still reaches all", () => {
  const { distributor, take, answer } = bench();
  join(distributor, "a", 0);
  offer(distributor, 1);
  answer("a", take("a"), 1);
  offer(distributor, 2);
  answer("a", take("a"), 1, { problem: "no" });
  join(distributor, "b", 0);
  const caughtUp = take("b");
  assert.ok(caughtUp?.generation?.includes('"number":1'));
  answer("b", caughtUp, 1);
  offer(distributor, 3);
  const third = take("a") ?? take("b");
  assert.ok(third?.generation?.includes('"number":3'));
});

test("pool changes go to every worker at once and never twice", () => {
  const { distributor, take, answer } = bench();
  join(distributor, "a", 1);
  join(distributor, "b", 1);
  distributor.offerPools({ changed: [{ id: "p", endpoints: [] }], removed: ["gone"] });
  for (const worker of ["a", "b"]) {
    const update = take(worker);
    assert.deepEqual(update?.pools, [{ id: "p", endpoints: [] }]);
    assert.deepEqual(update?.removedPools, ["gone"]);
    assert.equal(update?.generation, undefined);
    answer(worker, update, 1);
    assert.equal(take(worker), undefined);
  }
});

test("a worker that catches up with a generation gets the pool changes made after it, not those before", () => {
  const { distributor, take, answer } = bench();
  join(distributor, "a", 1);
  distributor.offerPools({ changed: [{ id: "before", endpoints: [] }], removed: [] });
  const stillBusy = take("a");
  offer(distributor, 2);
  distributor.offerPools({ changed: [{ id: "after", endpoints: [] }], removed: [] });
  answer("a", stillBusy, 1);
  const update = take("a");
  assert.ok(update?.generation?.includes('"number":2'));
  assert.deepEqual(
    update?.pools.map((pool) => pool.id),
    ["after"],
  );
});

test("a worker that comes back gets the pool changes that happened meanwhile", () => {
  const { distributor, take, answer } = bench();
  join(distributor, "a", 1);
  distributor.offerPools({ changed: [{ id: "p", endpoints: [] }], removed: [] });
  answer("a", take("a"), 1);
  distributor.workerGone("a");
  join(distributor, "a", 1);
  assert.deepEqual(
    take("a")?.pools.map((pool) => pool.id),
    ["p"],
  );
});

test("only one update is under way to a worker; what happened meanwhile follows in one", () => {
  const { distributor, take, answer } = bench();
  join(distributor, "a", 1);
  distributor.setKnowledge("live");
  const first = take("a");
  distributor.offerPools({ changed: [{ id: "p", endpoints: [] }], removed: [] });
  distributor.offerPools({ changed: [{ id: "q", endpoints: [] }], removed: [] });
  assert.equal(take("a"), undefined);
  answer("a", first, 1);
  assert.deepEqual(
    take("a")?.pools.map((pool) => pool.id),
    ["p", "q"],
  );
});

test("an older generation than the newest is not taken", () => {
  const { distributor, take, answer } = bench();
  join(distributor, "a", 5);
  offer(distributor, 6);
  const update = take("a");
  answer("a", update, 6);
  offer(distributor, 4);
  assert.equal(take("a"), undefined);
  assert.equal(distributor.newest?.header.number, 6);
});

test("a worker that waits for the newest generation is not told that its table is live", () => {
  const { distributor, take, answer } = bench();
  join(distributor, "a", 1);
  join(distributor, "b", 1);
  offer(distributor, 2);
  distributor.setKnowledge("live");
  assert.equal(take("b"), undefined);
  const first = take("a");
  answer("a", first, 2);
  assert.equal(take("a")?.knowledge, "live");
  const second = take("b");
  assert.ok(second?.generation !== undefined);
  assert.equal(second?.knowledge, "live");
});

/** Two workers on generation 1, of which `a` tries 2 as a pool that it does not want goes. */
function poolGoneMeanwhile(): Bench & { readonly tried: Update | undefined } {
  const made = bench();
  join(made.distributor, "a", 1);
  join(made.distributor, "b", 1);
  offer(made.distributor, 2);
  const tried = made.take("a");
  made.distributor.offerPools({ changed: [{ id: "p", endpoints: [] }], removed: ["gone"] });
  return { ...made, tried };
}

test("a worker hears that a pool is gone together with the generation that does not want it, not before", () => {
  const { take, answer, tried } = poolGoneMeanwhile();
  const meanwhile = take("b");
  assert.deepEqual([meanwhile?.generation, meanwhile?.pools, meanwhile?.removedPools], [undefined, [{ id: "p", endpoints: [] }], []]);
  answer("b", meanwhile, 1);
  assert.equal(take("b"), undefined);
  answer("a", tried, 2);
  const update = take("b");
  assert.ok(update?.generation?.includes('"number":2'));
  assert.deepEqual(update?.removedPools, ["gone"]);
});

test("when the generation that a worker waits for is bad, it hears which pools are gone all the same", () => {
  const { take, answer, tried } = poolGoneMeanwhile();
  answer("b", take("b"), 1);
  answer("a", tried, 1, { problem: "cannot be built" });
  const update = take("b");
  assert.deepEqual([update?.pools, update?.removedPools], [[], ["gone"]]);
});
