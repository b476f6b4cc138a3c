import assert from "node:assert/strict";
import { test } from "node:test";

import { type Distributor, createDistributor } from "./distributor.ts";
import { encodeGeneration } from "./encode-generation.ts";
import type { GenerationHeader } from "./generation.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

type Update = Extract<ToWorker, { type: "update" }>;
type Applied = Extract<FromWorker, { type: "applied" }>;

interface Bench {
  readonly distributor: Distributor;
  readonly sent: { readonly worker: string; readonly update: Update }[];
  readonly bad: number[];
  /** The update sent to a worker last and not yet taken. */
  readonly take: (worker: string) => Update | undefined;
  /** The worker answers an update: this is what it serves now. */
  readonly answer: (worker: string, update: Update | undefined, number: number, what?: Pick<Applied, "problem" | "wantsWhole">) => void;
}

function bench(): Bench {
  const sent: { worker: string; update: Update }[] = [];
  const bad: number[] = [];
  const distributor = createDistributor("restored", {
    send(worker, message) {
      if (message.type === "update") sent.push({ worker, update: message });
      return true;
    },
    onBad: (number) => bad.push(number),
    onProven() {},
  });
  return {
    distributor,
    sent,
    bad,
    take(worker) {
      const at = sent.findIndex((entry) => entry.worker === worker);
      return at < 0 ? undefined : sent.splice(at, 1)[0]?.update;
    },
    answer: (worker, update, number, what = {}) =>
      distributor.workerApplied(worker, { sequence: update?.sequence ?? 0, number, routes: 0, ...what }),
  };
}

function generation(number: number): { header: GenerationHeader; text: string } {
  return encodeGeneration({ routes: [], pools: [] }, { number, createdAtMs: 0, source: "test", revisions: {} });
}

function offer(distributor: Distributor, number: number): void {
  const { header, text } = generation(number);
  distributor.offer(header, text);
}

/** Made of the one before it, whose pool `p` has an endpoint more now. */
function offerDelta(distributor: Distributor, number: number): void {
  const { header, text } = generation(number);
  distributor.offer(header, text, { from: number - 1, text: `delta ${number}`, pools: { changed: [P], removed: ["gone"] } });
}

const P = { id: "p", endpoints: [{ address: `http://10.0.0.1:80`, tier: "fresh" as const }] };

function join(distributor: Distributor, worker: string, number: number): void {
  distributor.workerStarted(worker);
  distributor.workerListening(worker, number, 0);
}

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
  distributor.offerPools([{ id: "p", endpoints: [] }], ["gone"]);
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
  distributor.offerPools([{ id: "before", endpoints: [] }], []);
  const stillBusy = take("a");
  offer(distributor, 2);
  distributor.offerPools([{ id: "after", endpoints: [] }], []);
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
  distributor.offerPools([{ id: "p", endpoints: [] }], []);
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
  distributor.offerPools([{ id: "p", endpoints: [] }], []);
  distributor.offerPools([{ id: "q", endpoints: [] }], []);
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
  made.distributor.offerPools([{ id: "p", endpoints: [] }], ["gone"]);
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

test("a worker that has the generation before gets the way from there with the pools that changed on it, others get the whole", () => {
  const { distributor, take, answer } = bench();
  join(distributor, "a", 1);
  join(distributor, "b", 0);
  offer(distributor, 1);
  const first = take("b");
  answer("b", first, 1);
  offerDelta(distributor, 2);
  const update = take("a");
  assert.deepEqual([update?.generation, update?.delta, update?.pools, update?.removedPools], [undefined, "delta 2", [P], ["gone"]]);
  const pools = take("b");
  assert.deepEqual([pools?.delta, pools?.pools, pools?.removedPools], [undefined, [P], []], "the others wait, but not for endpoints");
  answer("b", pools, 1);
  answer("a", update, 2);
  const second = take("b");
  assert.deepEqual([second?.delta, second?.pools, second?.removedPools], ["delta 2", [], ["gone"]]);
  distributor.workerStarted("c");
  distributor.workerListening("c", 0, 0);
  const whole = take("c");
  assert.deepEqual([whole?.generation, whole?.delta, whole?.pools], [generation(2).text, undefined, []]);
});

test("a worker that missed a generation gets the next one whole", () => {
  const { distributor, take, answer } = bench();
  join(distributor, "a", 1);
  offer(distributor, 2);
  const update = take("a");
  offerDelta(distributor, 3);
  offerDelta(distributor, 4);
  answer("a", update, 2);
  assert.deepEqual([take("a")?.generation], [generation(4).text]);
});

test("a worker that a delta does not fit gets the whole generation, which is not bad because of that", () => {
  const { distributor, take, bad, answer } = bench();
  join(distributor, "a", 1);
  offerDelta(distributor, 2);
  const update = take("a");
  assert.equal(update?.delta, "delta 2");
  answer("a", update, 1, { wantsWhole: true });
  const whole = take("a");
  assert.equal(whole?.generation, generation(2).text);
  answer("a", whole, 2);
  offerDelta(distributor, 3);
  const next = take("a");
  assert.equal(next?.delta, "delta 3");
  answer("a", next, 3, { wantsWhole: true });
  assert.equal(take("a"), undefined, "it has what there is");
  offerDelta(distributor, 4);
  assert.equal(take("a")?.generation, generation(4).text);
  assert.deepEqual(bad, []);
});

test("a delta that kills makes its generation bad, and the one after it comes whole", () => {
  const { distributor, take, bad, answer } = bench();
  join(distributor, "a", 1);
  offerDelta(distributor, 2);
  for (let death = 1; death <= 3; death++) {
    assert.equal(take("a")?.delta, "delta 2");
    distributor.workerApplying("a", 2);
    distributor.workerGone("a");
    join(distributor, "a", 1);
  }
  assert.deepEqual(bad, [2]);
  const pools = take("a");
  assert.deepEqual([pools?.delta, pools?.generation, pools?.pools], [undefined, undefined, [P]]);
  answer("a", pools, 1);
  offerDelta(distributor, 3);
  assert.equal(take("a")?.generation, generation(3).text);
});

test("a worker that starts from an older generation than those that serve gets the whole: pools that changed since are not all known", () => {
  const { distributor, take, answer } = bench();
  join(distributor, "a", 1);
  offerDelta(distributor, 2);
  answer("a", take("a"), 2);
  join(distributor, "b", 1);
  const update = take("b");
  assert.deepEqual([update?.generation, update?.delta], [generation(2).text, undefined]);
});
